import { formatNumber } from "../format/numbers";
import type { Catalogue } from "../texts/en";
import type { Estimate } from "./use_rule_preview";

/** An estimate with no more digits than are sure; when there may be none, how many there are at most. */
export function estimateInWords(texts: Catalogue["rules"], { count, margin }: Estimate): string {
  if (margin === 0) return formatNumber(count);
  if (count <= margin) return texts.fewerThan(formatNumber(roughly(count + margin, margin)));
  return texts.about(formatNumber(roughly(count, margin)));
}

/** Rounded to the first digit of the margin. */
function roughly(count: number, margin: number): number {
  const unit = 10 ** Math.floor(Math.log10(margin));
  return Math.max(unit, Math.round(count / unit) * unit);
}
