import { locale } from "../texts/texts";

/** The units of a duration, the largest first, with their letters in ISO 8601. */
export const UNITS = ["year", "month", "week", "day", "hour", "minute", "second"] as const;
export type Unit = (typeof UNITS)[number];

/** The units of what is compared in whole days. */
export const DAY_UNITS: readonly Unit[] = ["year", "month", "week", "day"];

const SHAPE = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const LETTERS: Record<Unit, string> = { year: "Y", month: "M", week: "W", day: "D", hour: "H", minute: "M", second: "S" };
const TIMES: readonly Unit[] = ["hour", "minute", "second"];

/** "P1Y6M" as [[1, "year"], [6, "month"]]; null when it is no duration. */
export function partsOf(duration: unknown): [number, Unit][] | null {
  const match = typeof duration === "string" ? SHAPE.exec(duration) : null;
  if (!match) return null;
  return UNITS.flatMap((unit, index): [number, Unit][] => {
    const digits = match[index + 1];
    return digits === undefined ? [] : [[Number(digits), unit]];
  });
}

export function durationOf(count: number, unit: Unit): string {
  return `P${TIMES.includes(unit) ? "T" : ""}${count}${LETTERS[unit]}`;
}

/** "P1Y6M" as "1 year, 6 months", in the language that is shown. */
export function durationInWords(duration: unknown): string {
  const parts = partsOf(duration) ?? [];
  const words = parts.map(([count, unit]) => new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" }).format(count));
  return new Intl.ListFormat(locale(), { style: "long", type: "unit" }).format(words);
}

/** "days" for 30, "day" for 1, in the language that is shown. */
export function unitInWords(count: number, unit: Unit): string {
  const parts = new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" }).formatToParts(count);
  return parts.find((part) => part.type === "unit")?.value ?? unit;
}
