export const TABS = ["timeline", "segments", "scores", "workflows", "identity"] as const;
export type Tab = (typeof TABS)[number];

export const SHOWN = ["all", "activities", "segments"] as const;
export type Shown = (typeof SHOWN)[number];

/** What the page of a contact keeps in its address. */
export type PageSearch = {
  tab?: Tab;
  /** Of the timeline: only activities, or only segments entered and left. */
  show?: Shown;
  /** Of the timeline: only activities of this kind. */
  kind?: string;
  /** The segment whose "why" is open. */
  why?: string;
  panel?: "activity" | "erase";
};

export function validatePageSearch(raw: Record<string, unknown>): PageSearch {
  return {
    tab: TABS.find((each) => each === raw.tab),
    show: SHOWN.find((each) => each === raw.show),
    kind: typeof raw.kind === "string" && raw.kind ? raw.kind : undefined,
    why: typeof raw.why === "string" && raw.why ? raw.why : undefined,
    panel: raw.panel === "activity" || raw.panel === "erase" ? raw.panel : undefined,
  };
}
