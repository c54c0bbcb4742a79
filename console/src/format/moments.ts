import { useSyncExternalStore } from "react";

import { useViewer } from "../session/session";
import { texts } from "../texts/texts";
import { dateFormat, listFormat, numberFormat } from "./intl";
import { formatNumber } from "./numbers";

const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** "in 5 minutes", "2 days ago". The words are in the catalogue: the browser has them too, but takes long to find them at first. */
export function formatRelative(moment: string, now: number = Date.now()): string {
  const { moments: t } = texts();
  const seconds = (Date.parse(moment) - now) / 1000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? (["second", 1] as const);
  const count = Math.round(seconds / size);
  if (count === 0) return t.now;
  const near = t.near[unit]?.[count];
  if (near !== undefined) return near;
  const many = Math.abs(count);
  const time = `${formatNumber(many)} ${many === 1 ? t.units[unit].one : t.units[unit].other}`;
  return count < 0 ? t.past(time) : t.future(time);
}

export function formatMoment(moment: string, zone: string): string {
  return dateFormat({ dateStyle: "medium", timeStyle: "short", timeZone: zone }).format(new Date(moment));
}

export function formatDay(moment: string, zone: string): string {
  return dateFormat({ dateStyle: "medium", timeZone: zone }).format(new Date(moment));
}

/** 95 as "1 min, 35 sec": the two largest units. */
export function formatDuration(seconds: number): string {
  const units: [string, number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
    ["second", 1],
  ];
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count && parts.length < 2) {
      parts.push(numberFormat({ style: "unit", unit, unitDisplay: "short" }).format(count));
    }
  }
  if (!parts.length) return numberFormat({ style: "unit", unit: "second", unitDisplay: "short" }).format(0);
  return listFormat({ style: "narrow", type: "unit" }).format(parts);
}

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

/** How often the time of `useNow` moves on. */
export const TICK_MS = 10_000;

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const each of listeners) each();
    }, TICK_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time, new every ten seconds: for what shows how long ago something was. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
