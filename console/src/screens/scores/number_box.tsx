import { NumberInput, type NumberInputProps } from "@mantine/core";

/** A number that may be left out. */
export function NumberBox({
  value,
  onChange,
  ...props
}: { value: number | null | undefined; onChange: (value: number | undefined) => void } & Omit<NumberInputProps, "value" | "onChange">) {
  return (
    <NumberInput hideControls decimalScale={6} {...props} value={value ?? ""} onChange={(next) => onChange(typeof next === "number" ? next : undefined)} />
  );
}
