import { useSyncExternalStore } from "react";

import { useViewer } from "../session/session";
import { formatDay, formatMoment, formatRelative, TICK_MS } from "./moments";

/** Functions that write moments in the workspace's zone. */
export function useMoments() {
  const zone = useViewer().workspace.timezone;
  return {
    zone,
    moment: (value: string) => formatMoment(value, zone),
    day: (value: string) => formatDay(value, zone),
    relative: formatRelative,
  };
}

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** It stays the same between a drawing and what is done after it: else all that shows it would be drawn once more, at once. */
function lately(): number {
  const current = Date.now();
  if (timer === undefined && current - now >= TICK_MS) now = current;
  return now;
}

/** The time, new every ten seconds: for what shows how long ago something was. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, lately);
}
