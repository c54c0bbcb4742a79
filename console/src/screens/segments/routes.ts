import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { rootRoute } from "../../app/root";
import { SCREEN_CODE } from "../../app/screen_code";
import { KINDS, ORDERS, STATUSES, UNUSED } from "./choices";

const TABS = ["members", "changes", "uses", "rule", "overrides", "why"] as const;
const PERIODS = ["7", "30", "90", "365"] as const;

export type SegmentKind = (typeof KINDS)[number];
export type SegmentOrder = (typeof ORDERS)[number];
export type SegmentTab = (typeof TABS)[number];

export { PERIODS, TABS };

type Raw = Record<string, unknown>;

function oneOf<Value extends string>(values: readonly Value[], raw: unknown): Value | undefined {
  return values.find((value) => value === String(raw));
}

function textOf(raw: unknown): string | undefined {
  return typeof raw === "string" && raw ? raw : undefined;
}

/** What the list of segments keeps in its address. `unused`: for so many days. */
export type SegmentListSearch = {
  search?: string;
  kind?: SegmentKind;
  order?: SegmentOrder;
  unused?: (typeof UNUSED)[number];
  status?: (typeof STATUSES)[number];
  deleted?: true;
};

export const segmentsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/segments",
  validateSearch: (raw: Raw): SegmentListSearch => ({
    search: textOf(raw.search),
    kind: oneOf(KINDS, raw.kind),
    order: oneOf(ORDERS, raw.order),
    unused: oneOf(UNUSED, raw.unused),
    status: oneOf(STATUSES, raw.status),
    deleted: raw.deleted === true || undefined,
  }),
  component: lazyRouteComponent(SCREEN_CODE["/segments"], "SegmentList"),
});

/** What an editor keeps in its address: which of its forms is shown, and for a new segment its kind and the text of its rule. */
export type SegmentEditorSearch = { form?: "builder" | "text"; kind?: SegmentKind; rule?: string };

const FORMS = ["builder", "text"] as const;

export const segmentNewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/segments/new",
  validateSearch: (raw: Raw): SegmentEditorSearch => ({
    form: oneOf(FORMS, raw.form),
    kind: oneOf(KINDS, raw.kind),
    rule: textOf(raw.rule),
  }),
  component: lazyRouteComponent(SCREEN_CODE["/segments/new"], "SegmentNew"),
});

export const segmentEditRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/segments/$segmentId/edit",
  validateSearch: (raw: Raw): Pick<SegmentEditorSearch, "form"> => ({ form: oneOf(FORMS, raw.form) }),
  component: lazyRouteComponent(SCREEN_CODE["/segments/$segmentId/edit"], "SegmentEdit"),
});

/** What the page of a segment keeps in its address. */
export type SegmentPageSearch = {
  tab?: SegmentTab;
  search?: string;
  days?: (typeof PERIODS)[number];
  table?: true;
  contact?: string;
};

export const segmentRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/segments/$segmentId",
  validateSearch: (raw: Raw): SegmentPageSearch => ({
    tab: oneOf(TABS, raw.tab),
    search: textOf(raw.search),
    days: oneOf(PERIODS, raw.days),
    table: raw.table === true || undefined,
    contact: textOf(raw.contact),
  }),
  component: lazyRouteComponent(SCREEN_CODE["/segments/$segmentId"], "SegmentPage"),
});

export const segmentRoutes = [segmentsRoute, segmentNewRoute, segmentEditRoute, segmentRoute];
