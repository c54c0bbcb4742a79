import { startTransition, Suspense, useEffect, useState, type ReactNode } from "react";

/**
 * Shows `until` in place of its children until their code and their data are there. A boundary that comes with something to wait for
 * shows its fallback at once, and React leaves that on the screen for 300 ms, however soon all is there. This one has `until` as its
 * content at first, which the children replace as soon as they can.
 */
export function DrawnLater({ until, children }: { until: ReactNode; children: ReactNode }) {
  const [isBegun, setBegun] = useState(false);
  useEffect(() => startTransition(() => setBegun(true)), []);
  return <Suspense fallback={until}>{isBegun ? children : until}</Suspense>;
}
