import { startTransition, useEffect, useState, type ReactNode } from "react";

/** Draws dialogs and other things that are closed at first when the screen is there: nobody sees them, and they would take time of its first view. */
export function DrawnAfter({ children }: { children: ReactNode }) {
  const [isAfter, setAfter] = useState(false);
  useEffect(() => startTransition(() => setAfter(true)), []);
  return isAfter ? children : null;
}
