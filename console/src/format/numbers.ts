import { numberFormat } from "./intl";

export function formatNumber(value: number, options?: Intl.NumberFormatOptions): string {
  // A small whole number is written the same everywhere here, and making the first format takes longer than drawing a small screen.
  if (!options && Number.isInteger(value) && Math.abs(value) < 1000) return String(value);
  return numberFormat(options).format(value);
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
  return formatNumber(value, { signDisplay: "exceptZero" });
}

export function formatBytes(value: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return formatNumber(value / 1000 ** step, { style: "unit", unit: units[step], maximumFractionDigits: 1 });
}
