/** The clock in a zone at an instant, as an input of the type `datetime-local` shows it: "2026-11-30T09:00". */
export function clockAt(instant: string, zone: string): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return "";
  const part = Object.fromEntries(formatOf(zone).formatToParts(at).map(({ type, value }) => [type, value]));
  const seconds = part.second === "00" ? "" : `:${part.second}`;
  return `${part.year?.padStart(4, "0")}-${part.month}-${part.day}T${part.hour}:${part.minute}${seconds}`;
}

/** The instant at which a zone's clock shows this; the first one of two. A time that was skipped is read by the offset before. */
export function instantAt(clock: string, zone: string): string {
  const asUtc = Date.parse(`${clock}Z`);
  if (Number.isNaN(asUtc)) return "";
  const candidates = [-86_400_000, 86_400_000].map((away) => asUtc - offsetMs(asUtc + away, zone));
  const exact = candidates.filter((each) => each + offsetMs(each, zone) === asUtc);
  const [first] = exact.length > 0 ? [Math.min(...exact)] : candidates;
  return new Date(first ?? asUtc).toISOString().replace(".000Z", "Z");
}

/** How far ahead of UTC a zone's clocks are at an instant. */
export function offsetMs(at: number, zone: string): number {
  const clock = clockAt(new Date(at).toISOString(), zone);
  return Date.parse(`${clock}Z`) - Math.floor(at / 1000) * 1000;
}

/** One per zone: to make one takes longer than to use it a hundred times. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  formats.set(zone, made);
  return made;
}
