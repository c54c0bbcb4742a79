import { useSyncExternalStore } from "react";

// Notifications and questions lie over all screens. Their code is fetched when the first one is to be shown.

let isWanted = false;
const listeners = new Set<() => void>();
let setThere: () => void = () => undefined;
const there = new Promise<void>((resolve) => {
  setThere = resolve;
});

/** Asks for what shows notifications and questions. Resolves when it can show some. */
export function wantOverlays(): Promise<void> {
  isWanted = true;
  for (const listener of listeners) listener();
  return there;
}

/** Says that notifications and questions can be shown now. */
export function overlaysAreThere(): void {
  setThere();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useOverlaysWanted(): boolean {
  return useSyncExternalStore(subscribe, () => isWanted);
}
