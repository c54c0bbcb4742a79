import { partsOf, type Unit } from "../../../rules/duration";

const MS: Partial<Record<Unit, number>> = { week: 604_800_000, day: 86_400_000, hour: 3_600_000, minute: 60_000, second: 1_000 };

/** The moment that is a duration later, in RFC 3339; null when the duration is none, or nothing. A year and a month are those of UTC. */
export function afterDuration(moment: string, duration: string): string | null {
  const at = new Date(moment);
  const before = at.getTime();
  for (const [count, unit] of partsOf(duration) ?? []) {
    if (unit === "year") at.setUTCFullYear(at.getUTCFullYear() + count);
    else if (unit === "month") at.setUTCMonth(at.getUTCMonth() + count);
    else at.setTime(at.getTime() + count * (MS[unit] ?? 0));
  }
  return at.getTime() > before ? at.toISOString() : null;
}
