import { formatMoment } from "../../format/moments";
import { formatNumber } from "../../format/numbers";
import { texts } from "../../texts/texts";

/** What a contact has, in a condition of a rule: as people read it; `nothing` when there is no value. */
export function actualText(value: unknown, nothing: string, zone = "UTC"): string {
  if (value === null || value === undefined || value === "") return nothing;
  if (Array.isArray(value)) return value.length > 0 ? value.map((each) => actualText(each, nothing, zone)).join(", ") : nothing;
  if (typeof value === "boolean") return value ? texts().common.yes : texts().common.no;
  if (typeof value === "number") return formatNumber(value, { maximumFractionDigits: 6 });
  if (typeof value === "object") return JSON.stringify(value);
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? formatMoment(text, zone) : text;
}
