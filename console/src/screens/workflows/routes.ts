import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { rootRoute } from "../../app/root";
import { SCREEN_CODE } from "../../app/screen_code";

const STATUSES = ["DRAFT", "ACTIVE", "PAUSED", "DRAINING", "ARCHIVED"] as const;
export type Status = (typeof STATUSES)[number];

export const TABS = ["graph", "list", "people", "steps", "versions", "try", "test"] as const;
export type Tab = (typeof TABS)[number];

type ListSearch = { search?: string; failed?: true };
/** `testers`: ids of contacts for a test run, with commas between; `way`: the enrollment whose steps are shown. */
export type PageSearch = { tab?: Tab; node?: string; state?: string; testers?: string; way?: string };
export type EditSearch = { node?: string; view?: "list" };

const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);

export const workflowsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/workflows",
  validateSearch: (raw: Record<string, unknown>): ListSearch => ({ search: text(raw.search), failed: raw.failed === true || undefined }),
  component: lazyRouteComponent(SCREEN_CODE["/workflows"], "WorkflowList"),
});

export const workflowRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/workflows/$workflowId",
  validateSearch: (raw: Record<string, unknown>): PageSearch => ({
    tab: TABS.find((tab) => tab === raw.tab),
    node: text(raw.node),
    state: text(raw.state),
    testers: text(raw.testers),
    way: text(raw.way),
  }),
  component: lazyRouteComponent(SCREEN_CODE["/workflows/$workflowId"], "WorkflowPage"),
});

export const workflowEditRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/workflows/$workflowId/edit",
  validateSearch: (raw: Record<string, unknown>): EditSearch => ({
    node: text(raw.node),
    view: raw.view === "list" ? "list" : undefined,
  }),
  component: lazyRouteComponent(SCREEN_CODE["/workflows/$workflowId/edit"], "WorkflowEditor"),
});

export const workflowRoutes = [workflowsRoute, workflowRoute, workflowEditRoute];
