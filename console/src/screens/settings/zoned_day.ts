import { instantAt } from "../../rules/zoned";

/** The instant at which a calendar day ("2026-11-29") begins in a zone, or `days` later. */
export function startOfDay(day: string, zone: string, days = 0): string {
  const wanted = new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString();
  return new Date(instantAt(wanted.slice(0, 19), zone)).toISOString();
}
