import { NativeSelect } from "@mantine/core";

import { useTexts } from "../../texts/texts";
import { durationInWords, durationOf, partsOf, unitInWords, UNITS, type Unit } from "../duration";
import classes from "./builder.module.css";
import { NumberField } from "./number_field";

/** A duration as a number and a unit. One of several units, such as a year and six months, is shown in words until another is chosen. */
export function DurationInput({
  value,
  onChange,
  label,
  units = UNITS,
}: {
  value: unknown;
  onChange: (value: string) => void;
  label: string;
  units?: readonly Unit[];
}) {
  const t = useTexts().rules;
  const parts = partsOf(value);
  const single = parts?.length === 1 ? parts[0] : undefined;
  const [count, unit] = single ?? [30, "day" as Unit];
  const options = units.includes(unit) ? units : [...units, unit];
  const isSeveral = parts !== null && parts.length > 1;
  return (
    <>
      {!isSeveral && (
        <NumberField
          aria-label={label}
          inputMode="numeric"
          size="xs"
          className={classes.number}
          value={parts ? count : undefined}
          onChange={(next) => onChange(next !== undefined && next >= 0 ? durationOf(Math.floor(next), unit) : "")}
        />
      )}
      <NativeSelect
        aria-label={t.unit}
        size="xs"
        className={classes.fit}
        value={isSeveral ? "several" : unit}
        data={[
          ...(isSeveral ? [{ value: "several", label: durationInWords(value) }] : []),
          ...options.map((each) => ({ value: each, label: unitInWords(count, each) })),
        ]}
        onChange={(event) => onChange(durationOf(count, event.currentTarget.value as Unit))}
      />
    </>
  );
}
