import classes from "./status_badge.module.css";

/** A state as a word on a colour; the colour only repeats what the word says. `title` says what the state means. */
export function StatusBadge({ color, title, children }: { color: string; title?: string; children: string }) {
  const colours = { background: `var(--mantine-color-${color}-light)`, color: `var(--mantine-color-${color}-light-color)` };
  return (
    <span className={classes.badge} style={colours} title={title}>
      {children}
    </span>
  );
}
