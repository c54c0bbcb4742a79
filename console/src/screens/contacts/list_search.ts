import type { ContactOrder } from "../../__generated__/contactListQuery.graphql";

/** What the list of contacts keeps in its address. */
export type ContactSearch = {
  search?: string;
  segment?: string;
  rule?: string;
  /** A ContactOrder, or "score:" and the key of a score. */
  order?: string;
  /** Keys of columns, with commas between them. */
  columns?: string;
  /** The panel that is open. */
  panel?: "create" | "export";
  /** The export that is followed. */
  job?: string;
};

export const ORDERS: readonly ContactOrder[] = [
  "CREATED_AT_DESC",
  "CREATED_AT_ASC",
  "NAME_ASC",
  "NAME_DESC",
  "LAST_INTERACTION_AT_DESC",
  "LAST_INTERACTION_AT_ASC",
];

const SCORE = "score:";

export function validateContactSearch(raw: Record<string, unknown>): ContactSearch {
  const order = text(raw.order);
  return {
    search: text(raw.search),
    segment: text(raw.segment),
    rule: text(raw.rule),
    order: order && (isOrder(order) || order.startsWith(SCORE)) ? order : undefined,
    columns: text(raw.columns),
    panel: raw.panel === "create" || raw.panel === "export" ? raw.panel : undefined,
    job: text(raw.job),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() ? value : typeof value === "number" ? String(value) : undefined;
}

function isOrder(order: string): order is ContactOrder {
  return ORDERS.some((each) => each === order);
}

/** Which contacts the filters find. */
export type Matching = { search?: string; segmentId?: string; ruleQuery?: string };

export function matchingOf({ search, segment, rule }: ContactSearch): Matching {
  return { search: search?.trim() || undefined, segmentId: segment, ruleQuery: rule?.trim() || undefined };
}

export function isFiltered(matching: Matching): boolean {
  return Boolean(matching.search || matching.segmentId || matching.ruleQuery);
}

export function orderOf(order: string | undefined): { orderBy: ContactOrder; orderByScore?: string } {
  if (order?.startsWith(SCORE)) return { orderBy: "CREATED_AT_DESC", orderByScore: order.slice(SCORE.length) };
  return { orderBy: order && isOrder(order) ? order : "CREATED_AT_DESC" };
}

export function scoreOrder(key: string): string {
  return SCORE + key;
}
