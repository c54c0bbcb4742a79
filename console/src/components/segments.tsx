import { useId } from "react";

import classes from "./segments.module.css";

/** A choice among few, all of which are seen. The one of Mantine measures where each is, for which the page is laid out before it is painted. */
export function Segments<Value extends string>({
  label,
  choices,
  value,
  onChange,
  isSmall,
  isNarrow,
}: {
  label?: string;
  choices: readonly { value: Value; label: string }[];
  value: Value;
  onChange: (value: Value) => void;
  isSmall?: boolean;
  /** No wider than its words, where what is around it would make it so. */
  isNarrow?: boolean;
}) {
  const id = useId();
  return (
    <div className={classes.segments} role="radiogroup" aria-label={label} data-small={isSmall || undefined} data-narrow={isNarrow || undefined}>
      {choices.map((each) => (
        <div key={each.value} className={classes.segment} data-chosen={each.value === value || undefined}>
          <input
            type="radio"
            className={classes.input}
            id={id + each.value}
            name={id}
            value={each.value}
            checked={each.value === value}
            onChange={() => onChange(each.value)}
          />
          <label className={classes.label} htmlFor={id + each.value}>
            {each.label}
          </label>
        </div>
      ))}
    </div>
  );
}
