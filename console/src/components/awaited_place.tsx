import type { CSSProperties } from "react";

import classes from "./awaited_place.module.css";

/** The place of something that cannot be used yet, such as a field to type into. No hooks. */
export function AwaitedPlace({ className, style }: { className?: string; style?: CSSProperties }) {
  return <div aria-hidden className={className ? `${classes.place} ${className}` : classes.place} style={style} />;
}
