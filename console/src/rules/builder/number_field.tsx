import { TextInput, type TextInputProps } from "@mantine/core";
import { useState } from "react";

/** A number as it is typed. Gives undefined while what stands there is no number. */
export function NumberField({
  value,
  onChange,
  ...props
}: { value: unknown; onChange: (value: number | undefined) => void } & Omit<TextInputProps, "value" | "onChange">) {
  const [text, setText] = useState(() => shown(value));
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    if (read(text) !== (value ?? undefined)) setText(shown(value));
  }
  return (
    <TextInput
      inputMode="decimal"
      autoComplete="off"
      {...props}
      value={text}
      error={props.error ?? (text !== "" && read(text) === undefined)}
      onChange={(event) => {
        setText(event.currentTarget.value);
        onChange(read(event.currentTarget.value));
      }}
    />
  );
}

function shown(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}

export function read(text: string): number | undefined {
  const plain = text.trim().replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : undefined;
}
