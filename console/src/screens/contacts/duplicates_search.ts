/** What the page of duplicates keeps in its address: the two contacts whose merge is prepared. */
export type DuplicatesSearch = { keep?: string; merge?: string };

export function validateDuplicatesSearch(raw: Record<string, unknown>): DuplicatesSearch {
  return {
    keep: typeof raw.keep === "string" && raw.keep ? raw.keep : undefined,
    merge: typeof raw.merge === "string" && raw.merge ? raw.merge : undefined,
  };
}
