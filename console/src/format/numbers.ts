import { locale } from "../texts/texts";
import { numberFormat } from "./intl";

/** How thousands are parted where most people are, and from how many digits on: to have the browser say so takes long at first. */
const PARTED: Readonly<Record<string, readonly [string, number]>> = {
  ...Object.fromEntries(["en", "en-US", "en-GB", "en-AU", "en-CA", "en-IE", "en-NZ"].map((where) => [where, [",", 4]])),
  ...Object.fromEntries(["es", "es-ES"].map((where) => [where, [".", 5]])),
};

export function formatNumber(value: number, options?: Intl.NumberFormatOptions): string {
  return (isPlain(options) && formatWhole(value, locale())) || numberFormat(options).format(value);
}

/** Whether a whole number is written as it would be without the options. */
function isPlain(options: Intl.NumberFormatOptions = {}): boolean {
  return Object.keys(options).every((name) => name === "maximumFractionDigits");
}

/** A whole number as it is written in a country; null where that is not known here. */
export function formatWhole(value: number, where: string): string | null {
  if (!Number.isSafeInteger(value)) return null;
  const digits = String(value);
  if (Math.abs(value) < 1000) return digits;
  const [separator, least] = PARTED[where] ?? [];
  if (separator === undefined || least === undefined) return null;
  return Math.abs(value) < 10 ** (least - 1) ? digits : digits.replace(/\B(?=(\d{3})+$)/g, separator);
}

/** 12345 as "12K", for where there is little room; put the whole number into a title. */
export function formatShort(value: number): string {
  return formatNumber(value, { notation: "compact", maximumFractionDigits: 1 });
}

/** 0.1234 as "12.3 %". */
export function formatShare(value: number): string {
  return formatNumber(value, { style: "percent", maximumFractionDigits: 1 });
}

/** +1,234 or −56. */
export function formatDifference(value: number): string {
  return value > 0 ? `+${formatNumber(value)}` : formatNumber(value);
}

export function formatBytes(value: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return formatNumber(value / 1000 ** step, { style: "unit", unit: units[step], maximumFractionDigits: 1 });
}
