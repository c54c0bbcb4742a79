import { Group, NativeSelect, Stack } from "@mantine/core";

import { Autocomplete } from "../../components/choices";
import { ActivityFilters } from "../../rules/builder/activity_filters";
import { DurationInput } from "../../rules/builder/duration_input";
import { useRuleCatalogue } from "../../rules/catalogue";
import type { Unit } from "../../rules/duration";
import { useTexts } from "../../texts/texts";
import type { ScoreEachInput } from "../../__generated__/scorePreviewQuery.graphql";
import { NumberBox } from "./number_box";

const UNITS: readonly Unit[] = ["week", "day", "hour", "minute"];

/** Points for each activity of a kind: which ones, how many of them, for how long, and how they fade. */
export function EachFields({
  value,
  onChange,
  about,
  errorOf,
}: {
  value: ScoreEachInput;
  onChange: (value: ScoreEachInput) => void;
  about: string;
  errorOf: (...path: string[]) => string | undefined;
}) {
  const t = useTexts().scores;
  const { kinds } = useRuleCatalogue();
  return (
    <Stack gap="xs">
      <Group gap="xs" align="flex-start">
        <Autocomplete
          label={t.kind}
          aria-label={`${about}: ${t.kind}`}
          required
          data={[...kinds.keys()]}
          value={value.kind}
          onChange={(kind) => onChange({ ...value, kind, where: kind === value.kind ? value.where : [] })}
          error={errorOf("each", "kind")}
          miw={200}
        />
        <NumberBox
          label={t.atMost}
          aria-label={`${about}: ${t.atMost}`}
          placeholder={t.all}
          min={1}
          decimalScale={0}
          w={150}
          value={value.atMost}
          onChange={(atMost) => onChange(without(value, "atMost", atMost))}
          error={errorOf("each", "atMost")}
        />
      </Group>
      {value.kind && (
        <Stack gap={4} align="flex-start">
          <ActivityFilters
            condition={{ kind: value.kind, where: value.where, operator: "GTE", value: 1 }}
            onChange={({ where }) => onChange({ ...value, where })}
          />
        </Stack>
      )}
      <Group gap="xs" align="flex-end">
        <NativeSelect
          label={t.lasting}
          aria-label={`${about}: ${t.lasting}`}
          value={value.lasting == null ? "good" : "time"}
          data={[
            { value: "good", label: t.lastingForever },
            { value: "time", label: t.lastingFor },
          ]}
          onChange={(event) => onChange(without(value, "lasting", event.currentTarget.value === "time" ? "P30D" : undefined))}
        />
        {value.lasting != null && (
          <DurationInput
            label={`${about}: ${t.lastingLabel}`}
            units={UNITS}
            value={value.lasting}
            onChange={(lasting) => onChange({ ...value, lasting })}
          />
        )}
      </Group>
      <Group gap="xs" align="flex-end">
        <NativeSelect
          label={t.decay}
          aria-label={`${about}: ${t.decay}`}
          value={value.decay ? "some" : "none"}
          data={[
            { value: "none", label: t.decayNone },
            { value: "some", label: t.decaySome },
          ]}
          onChange={(event) =>
            onChange(without(value, "decay", event.currentTarget.value === "some" ? { percent: 25, every: "P30D" } : undefined))
          }
        />
        {value.decay && (
          <>
            <NumberBox
              label={t.decayPercent}
              aria-label={`${about}: ${t.decayPercent}`}
              suffix=" %"
              min={0}
              max={100}
              w={190}
              value={value.decay.percent}
              onChange={(percent) => value.decay && onChange({ ...value, decay: { ...value.decay, percent: percent ?? 0 } })}
              error={errorOf("each", "decay", "percent")}
            />
            <DurationInput
              label={`${about}: ${t.decayEvery}`}
              units={UNITS}
              value={value.decay.every}
              onChange={(every) => value.decay && onChange({ ...value, decay: { ...value.decay, every } })}
            />
          </>
        )}
      </Group>
    </Stack>
  );
}

/** With this value of one field; without the field when there is none. */
function without<Key extends keyof ScoreEachInput>(each: ScoreEachInput, key: Key, value: ScoreEachInput[Key] | undefined): ScoreEachInput {
  const { [key]: _, ...rest } = each;
  return (value === undefined ? rest : { ...rest, [key]: value }) as ScoreEachInput;
}
