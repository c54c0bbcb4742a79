/** "2026-03-01 09:30:00", the clock on the wall of a zone, as an instant; within a skipped hour, the instant after it. */
export function instantOf(wall: string, zone: string): string {
  const asUtc = Date.parse(`${wall.replace(" ", "T")}Z`);
  let instant = asUtc - offsetAt(asUtc, zone);
  const second = asUtc - offsetAt(instant, zone);
  if (second !== instant) instant = Math.max(instant, second);
  return new Date(instant).toISOString();
}

/** The clock on the wall of a zone at an instant, as "2026-03-01 09:30:00". */
export function wallOf(instant: string, zone: string): string {
  const at = Date.parse(instant);
  return new Date(at + offsetAt(at, zone)).toISOString().slice(0, 19).replace("T", " ");
}

/** How far ahead of UTC the zone's clocks are at that instant, in ms. */
function offsetAt(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const value = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(value("year"), value("month") - 1, value("day"), value("hour"), value("minute"), value("second"));
  return wall - Math.floor(at / 1000) * 1000;
}

export function viewersZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** All zones that the browser knows, the given ones first. */
export function zonesFrom(...first: string[]): string[] {
  return [...new Set([...first, ...Intl.supportedValuesOf("timeZone"), "UTC"])];
}
