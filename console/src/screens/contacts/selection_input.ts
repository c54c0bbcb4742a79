import type { ContactSelection } from "../../__generated__/exportPanelStartMutation.graphql";
import type { Target } from "./bulk_run";

export const MOST_IDS = 10_000;

/**
 * The target as the API takes it in one call: its ids, or the one filter that there is. Null: by none of these, since the API takes
 * one filter at a time; then its ids have to be collected.
 */
export function selectionOf(target: Target): ContactSelection | "everybody" | null {
  if ("ids" in target) return target.ids.length <= MOST_IDS ? { ids: target.ids } : null;
  const { search, segmentId, ruleQuery } = target.all;
  if (search && !segmentId && !ruleQuery) return { search };
  if (search) return null;
  if (segmentId && ruleQuery) return { ruleQuery: `in segment id '${segmentId}' and (\n${ruleQuery}\n)` };
  if (segmentId) return { segmentId };
  if (ruleQuery) return { ruleQuery };
  return "everybody";
}

/** A rule that holds for every contact, for calls that need a selection. */
export const EVERYBODY: ContactSelection = { ruleQuery: "created_at is set" };
