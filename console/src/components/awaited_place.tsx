import classes from "./awaited_place.module.css";

/** The place of something that cannot be used yet, such as a field to type into. No hooks. */
export function AwaitedPlace({ height = 36, width, className }: { height?: number; width?: number | string; className?: string }) {
  return <div aria-hidden className={className ? `${classes.place} ${className}` : classes.place} style={{ height, width }} />;
}
