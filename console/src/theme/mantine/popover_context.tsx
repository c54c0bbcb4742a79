import { createContext, startTransition, use, useMemo, type ReactNode } from "react";

type Value = { reference: (node: HTMLElement | null) => void };

const Context = createContext<Value | null>(null);

/**
 * Stands in for the one of Mantine (see vite.config.ts). A popover keeps the element that it belongs to as a state, which is set while React
 * puts that into the page: each popover of a screen is drawn once more for it. That would be at once, with all that follows a drawing in
 * the same task; here it is a task of its own.
 */
export function PopoverContextProvider({ value, children }: { value: Value; children: ReactNode }) {
  const { reference } = value;
  const later = useMemo(() => (node: HTMLElement | null) => startTransition(() => reference(node)), [reference]);
  return <Context value={{ ...value, reference: later }}>{children}</Context>;
}

export function usePopoverContext(): Value {
  const value = use(Context);
  if (!value) throw new Error("Popover component was not found in the tree");
  return value;
}
