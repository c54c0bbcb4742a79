import { pluralRules } from "../format/intl";
import { formatNumber } from "../format/numbers";

/** "1 contact", "2,000 contacts": `forms.one` for what the language counts as one. */
export function plural(count: number, forms: { one: string; other: string }): string {
  const form = pluralRules().select(count) === "one" ? forms.one : forms.other;
  return `${formatNumber(count)} ${form}`;
}
