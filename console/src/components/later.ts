import type { ReactNode } from "react";

/**
 * Content that is drawn a moment after what is around it where React is not there yet, with `until` in its place: a screen that is large is
 * drawn and laid out in two tasks. React draws it with all else.
 */
export function Later({ children }: { until: ReactNode; children: ReactNode }): ReactNode {
  return children;
}
