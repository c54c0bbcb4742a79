import { useSyncExternalStore } from "react";

/** Whether the server answers: `lost` from the first failure until it answers again. */
export type Connection = "open" | "lost";

let state: Connection = "open";
const listeners = new Set<() => void>();
const returned = new Set<() => void>();

export function report(next: Connection): void {
  if (next === state) return;
  state = next;
  for (const listener of listeners) listener();
  if (next === "open") for (const refresh of returned) refresh();
}

/** Calls `refresh` each time when the server answers again after it was lost. Returns how to stop that. */
export function onReturn(refresh: () => void): () => void {
  returned.add(refresh);
  return () => returned.delete(refresh);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => state);
}
