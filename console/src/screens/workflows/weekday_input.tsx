import { Checkbox, Group } from "@mantine/core";

import { useTexts } from "../../texts/texts";

/** Days of the week, 1 (Monday) to 7; none chosen means any. */
export function WeekdayInput({ value, onChange }: { value: readonly number[]; onChange: (weekdays: number[]) => void }) {
  const t = useTexts().workflows.field;
  return (
    <Checkbox.Group
      label={t.weekdays}
      value={value.map(String)}
      onChange={(days) => onChange(days.map(Number).toSorted((one, other) => one - other))}
    >
      <Group gap="xs" mt={4}>
        {t.weekday.map((name, index) => (
          <Checkbox key={name} value={String(index + 1)} label={name} size="xs" />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
