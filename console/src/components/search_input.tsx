import { TextInput, type TextInputProps } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";

const WAIT_MS = 250;
const MOST = 200;

/**
 * Searches a list by what is typed, a moment after the last key. `value` is what is searched for, as the address has it: when that
 * changes otherwise, as on the way back, so does the field.
 */
export function SearchInput({
  label,
  value,
  onSearch,
  ...props
}: { label: string; value: string | undefined; onSearch: (text: string | undefined) => void } & Omit<TextInputProps, "value" | "onChange" | "label">) {
  const [typed, setTyped] = useState(value ?? "");
  const [shown, setShown] = useState(value);
  const tell = useDebouncedCallback((text: string) => onSearch(text || undefined), WAIT_MS);
  if (value !== shown) {
    setShown(value);
    if ((value ?? "") !== typed.trim()) setTyped(value ?? "");
  }
  return (
    <TextInput
      {...props}
      type="search"
      leftSection={<IconSearch size={16} />}
      aria-label={label}
      placeholder={label}
      maxLength={MOST}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        tell(event.currentTarget.value.trim());
      }}
    />
  );
}
