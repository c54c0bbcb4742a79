/** An instant as what a field of type datetime-local holds, in a zone: "2026-11-29T09:30". */
export function zonedText(instant: string, zone: string): string {
  return text(Date.parse(instant) + offsetMs(Date.parse(instant), zone));
}

/**
 * The instant of a local time in a zone, as RFC 3339 in UTC; null when the text is no time. A time that the clocks skip is moved
 * forward by the gap, and of two that they show twice it is the first.
 */
export function instantOf(local: string, zone: string): string | null {
  const asUtc = Date.parse(`${local.length === 16 ? `${local}:00` : local}Z`);
  if (Number.isNaN(asUtc)) return null;
  const before = asUtc - offsetMs(asUtc - 86_400_000, zone);
  const after = asUtc - offsetMs(asUtc + 86_400_000, zone);
  const fits = [Math.min(before, after), Math.max(before, after)].find((each) => each + offsetMs(each, zone) === asUtc);
  return new Date(fits ?? before).toISOString();
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    const numeric = "numeric";
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    });
    formats.set(zone, format);
  }
  return format;
}

/** How far the zone's clocks are ahead of UTC at an instant. */
function offsetMs(instant: number, zone: string): number {
  const parts = formatOf(zone).formatToParts(instant);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const local = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return local - Math.floor(instant / 1000) * 1000;
}

function text(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16);
}
