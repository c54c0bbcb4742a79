import {
  Autocomplete as MantineAutocomplete,
  MultiSelect as MantineMultiSelect,
  Select as MantineSelect,
  TagsInput as MantineTagsInput,
  type AutocompleteProps,
  type ComboboxProps,
  type MultiSelectProps,
  type Primitive,
  type SelectProps,
  type TagsInputProps,
} from "@mantine/core";
import { useState } from "react";

// Inputs with a list to choose from. Mantine keeps each list in the page, drawn, from the beginning, so that the first key finds it there.
// Here it comes when its input gets the focus, which is before the first key: a form that is only looked at does not draw its lists.

export function Select<Value extends Primitive = string>(props: SelectProps<Value>) {
  return <MantineSelect {...props} {...useListOnFocus(props.comboboxProps)} />;
}

export function MultiSelect<Value extends Primitive = string>(props: MultiSelectProps<Value>) {
  return <MantineMultiSelect {...props} {...useListOnFocus(props.comboboxProps)} />;
}

export function Autocomplete(props: AutocompleteProps) {
  return <MantineAutocomplete {...props} {...useListOnFocus(props.comboboxProps)} />;
}

export function TagsInput(props: TagsInputProps) {
  return <MantineTagsInput {...props} {...useListOnFocus(props.comboboxProps)} />;
}

function useListOnFocus(given: ComboboxProps | undefined) {
  const [isNear, setNear] = useState(false);
  return { comboboxProps: { keepMounted: isNear, withinPortal: isNear, ...given }, onFocusCapture: () => setNear(true) };
}
