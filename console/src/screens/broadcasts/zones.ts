import { offsetMs } from "../../rules/zoned";

/** "2026-03-01 09:30:00", the clock on the wall of a zone, as an instant; within a skipped hour, the instant after it. */
export function instantOf(wall: string, zone: string): string {
  const asUtc = Date.parse(`${wall.replace(" ", "T")}Z`);
  let instant = asUtc - offsetMs(asUtc, zone);
  const second = asUtc - offsetMs(instant, zone);
  if (second !== instant) instant = Math.max(instant, second);
  return new Date(instant).toISOString();
}

/** The clock on the wall of a zone at an instant, as "2026-03-01 09:30:00". */
export function wallOf(instant: string, zone: string): string {
  const at = Date.parse(instant);
  return new Date(at + offsetMs(at, zone)).toISOString().slice(0, 19).replace("T", " ");
}

export function viewersZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** All zones that the browser knows, the given ones first. */
export function zonesFrom(...first: string[]): string[] {
  return [...new Set([...first, ...Intl.supportedValuesOf("timeZone"), "UTC"])];
}
