import { texts } from "../texts/language";
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

/** How often the time that moments are told from moves on. */
export const TICK_MS = 10_000;

/** How long ago something was, as of `now`, which is at most a tick old: what is ahead by no more than that is just now. */
export function relativeAt(moment: string, now: number): string {
  const ahead = Date.parse(moment) - now;
  return formatRelative(moment, ahead > 0 && ahead < TICK_MS ? now + ahead : now);
}

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
