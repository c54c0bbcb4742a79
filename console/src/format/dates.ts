import { dateFormat } from "./intl";

/** A calendar day, "2026-11-22", as people of the locale write it; it has no zone, so it is the same day everywhere. */
export function formatDate(day: string): string {
  return dateFormat({ dateStyle: "medium", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}
