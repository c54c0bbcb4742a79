import type { ReactNode } from "react";

import classes from "./words.module.css";

/** Words as they are in cells and cards. No hooks. */
export function Words({
  as: Element = "p",
  isSmall = false,
  isDimmed = false,
  isStrong = false,
  title,
  children,
}: {
  as?: "p" | "span" | "div";
  isSmall?: boolean;
  isDimmed?: boolean;
  isStrong?: boolean;
  title?: string;
  children: ReactNode;
}) {
  return (
    <Element className={classes.words} data-small={isSmall || undefined} data-dimmed={isDimmed || undefined} data-strong={isStrong || undefined} title={title}>
      {children}
    </Element>
  );
}
