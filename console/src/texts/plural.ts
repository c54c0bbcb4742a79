import { formatNumber } from "../format/numbers";

/** "1 contact", "2,000 contacts": all languages that there are have one form for 1 and another for every other number. */
export function plural(count: number, forms: { one: string; other: string }): string {
  return `${formatNumber(count)} ${count === 1 ? forms.one : forms.other}`;
}
