import type { CSSProperties, ReactNode } from "react";

import classes from "./awaited_field.module.css";

/**
 * Stands for a field until it can be used, with what it shows while it is empty, or the value that it has. Whoever presses it gets the
 * field's focus when that is there. No hooks.
 */
export function AwaitedField({
  label,
  icon,
  placeholder = label,
  value,
  choices = [],
  className = "",
  style,
}: {
  /** What the field is called. */
  label: string;
  icon?: ReactNode;
  /** What it shows while it is empty, unless that is what it is called. */
  placeholder?: string;
  value?: string;
  /** All that can be chosen, where that says how wide the field is. */
  choices?: readonly string[];
  className?: string;
  style?: CSSProperties;
}) {
  return (
    <div data-field={label} className={`${classes.field} ${className}`} style={style}>
      {icon && <span className={classes.icon}>{icon}</span>}
      <span className={classes.words} data-placeholder={value === undefined || undefined}>
        {value ?? placeholder}
        {choices.map((choice) => (
          <span key={choice} aria-hidden className={classes.choice}>
            {choice}
          </span>
        ))}
      </span>
    </div>
  );
}
