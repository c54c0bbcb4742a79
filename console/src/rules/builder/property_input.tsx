
import { Autocomplete } from "../../components/choices";
import classes from "./builder.module.css";

/** A property of activities: one that there is, or any other that is typed. */
export function PropertyInput({
  label,
  properties,
  value,
  onChange,
}: {
  label: string;
  properties: readonly string[];
  value: string;
  onChange: (property: string) => void;
}) {
  const isKnown = properties.includes(value);
  return (
    <Autocomplete
      size="xs"
      className={classes.property}
      aria-label={label}
      placeholder={label.slice(label.lastIndexOf(":") + 1).trim()}
      data={[...properties]}
      filter={isKnown ? ({ options }) => options : undefined}
      value={value}
      onChange={onChange}
    />
  );
}
