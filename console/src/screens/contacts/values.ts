import { formatDate } from "../../format/dates";
import { formatMoment } from "../../format/moments";
import { formatNumber } from "../../format/numbers";
import { texts } from "../../texts/texts";
import type { FieldType } from "../../__generated__/labelsQuery.graphql";

/** A value of a custom field as people read it; "–" when there is none. */
export function valueText(value: unknown, type: FieldType, zone = "UTC"): string {
  if (value === null || value === undefined || value === "") return "–";
  if (Array.isArray(value)) return value.map(String).join(", ") || "–";
  if (typeof value === "boolean") return value ? texts().common.yes : texts().common.no;
  if (typeof value === "number") return formatNumber(value, { maximumFractionDigits: 6 });
  if (typeof value === "object") return JSON.stringify(value);
  const text = String(value);
  if (type === "DATE" && /^\d{4}-\d\d-\d\d$/.test(text)) return formatDate(text);
  if (type === "DATETIME" && !Number.isNaN(Date.parse(text))) return formatMoment(text, zone);
  return text;
}
