import classes from "./bar.module.css";

export type BarPart = { percent: number; color: string };

/** Shares of a whole beside each other. The words beside it say the same, or `label` does. No hooks. */
export function Bar({ parts, label, isSmall = false, width }: { parts: readonly BarPart[]; label?: string; isSmall?: boolean; width?: number }) {
  const [first] = parts;
  const said = label === undefined ? { "aria-hidden": true } : { role: "progressbar", "aria-label": label, "aria-valuenow": first?.percent, "aria-valuemin": 0, "aria-valuemax": 100 };
  return (
    <div className={classes.bar} data-small={isSmall || undefined} style={{ width }} {...said}>
      {parts.map(({ percent, color }) => (
        <div key={color} className={classes.part} style={{ width: `${percent}%`, background: `var(--mantine-color-${color})` }} />
      ))}
    </div>
  );
}
