/** Durations of ISO 8601 (`P1DT2H`) as an amount of one unit, as a form asks for them. */
export const UNITS = ["S", "M", "H", "D", "W", "MO", "Y"] as const;
export type Unit = (typeof UNITS)[number];
export type Amount = { count: number; unit: Unit };

const PATTERN = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** Returns null for one that no single unit can say, such as `P1MT1H`. */
export function amountOf(duration: string): Amount | null {
  const parts = PATTERN.exec(duration)?.slice(1).map((part) => (part === undefined ? 0 : Number(part)));
  if (!parts) return null;
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts;
  if (years || months) {
    if (weeks || days || hours || minutes || seconds) return null;
    return months ? { count: years * 12 + months, unit: "MO" } : { count: years, unit: "Y" };
  }
  const total = (weeks * 7 + days) * 86_400 + hours * 3_600 + minutes * 60 + seconds;
  if (total === 0) return { count: 0, unit: "M" };
  const sizes: [Unit, number][] = [
    ["W", 604_800],
    ["D", 86_400],
    ["H", 3_600],
    ["M", 60],
    ["S", 1],
  ];
  const [unit, size] = sizes.find(([, size]) => total % size === 0) ?? ["S", 1];
  return { count: total / size, unit };
}

export function durationOf({ count, unit }: Amount): string {
  if (unit === "Y") return `P${count}Y`;
  if (unit === "MO") return `P${count}M`;
  if (unit === "W") return `P${count * 7}D`;
  if (unit === "D") return `P${count}D`;
  return `PT${count}${unit}`;
}
