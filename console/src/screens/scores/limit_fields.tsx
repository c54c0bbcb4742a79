import { Group } from "@mantine/core";

import { useTexts } from "../../texts/texts";
import { NumberBox } from "./number_box";

type Limits = { minimum: number | undefined; maximum: number | undefined };

/** The least and the most that a group or a score gives. `about` names it to those who do not see where the fields stand. */
export function LimitFields({ value, onChange, about, error }: { value: Limits; onChange: (limits: Limits) => void; about: string; error?: string }) {
  const t = useTexts().scores;
  return (
    <Group gap="xs" align="flex-start">
      <NumberBox
        label={t.minimum}
        aria-label={`${about}: ${t.minimum}`}
        placeholder={t.noLimit}
        w={120}
        value={value.minimum}
        onChange={(minimum) => onChange({ ...value, minimum })}
        error={error}
      />
      <NumberBox
        label={t.maximum}
        aria-label={`${about}: ${t.maximum}`}
        placeholder={t.noLimit}
        w={120}
        value={value.maximum}
        onChange={(maximum) => onChange({ ...value, maximum })}
      />
    </Group>
  );
}
