import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { rootRoute } from "../../app/root";
import { SCREEN_CODE } from "../../app/screen_code";

export const KINDS = [
  "IMPORT",
  "EXPORT",
  "RECOMPUTE",
  "SEGMENT_CONTACTS",
  "AUDIENCE",
  "TAG_CHANGE",
  "WORKFLOW_CONTACTS",
  "WORKFLOW_BACKTEST",
] as const;
export const STATUSES = ["QUEUED", "RUNNING", "PAUSED", "SUCCEEDED", "FAILED", "CANCELLED"] as const;
export const STEPS = ["file", "columns", "choices", "check"] as const;
export const SOURCES = ["all", "segment", "rule", "search"] as const;

function oneOf<T extends string>(values: readonly T[], raw: unknown): T | undefined {
  return values.find((value) => value === raw);
}

function text(raw: unknown): string | undefined {
  return typeof raw === "string" && raw ? raw : undefined;
}

/** The list keeps its filters in its address. */
export const transfersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/transfers",
  validateSearch: (raw: Record<string, unknown>): { kind?: (typeof KINDS)[number]; status?: (typeof STATUSES)[number] } => ({
    kind: oneOf(KINDS, raw.kind),
    status: oneOf(STATUSES, raw.status),
  }),
  component: lazyRouteComponent(SCREEN_CODE["/transfers"], "JobList"),
});

export const jobRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/transfers/$job",
  component: lazyRouteComponent(SCREEN_CODE["/transfers/$job"], "JobPage"),
});

/** The uploaded file, the step, and the job that checks the file: so a reload shows the same. */
export type ImportSearch = { upload?: string; step?: (typeof STEPS)[number]; check?: string };

export const importRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/transfers/import",
  validateSearch: (raw: Record<string, unknown>): ImportSearch => ({
    upload: text(raw.upload),
    step: oneOf(STEPS, raw.step),
    check: text(raw.check),
  }),
  component: lazyRouteComponent(SCREEN_CODE["/transfers/import"], "ImportNew"),
});

/** Other screens lead here with what is to be exported. */
export type ExportSearch = { from?: (typeof SOURCES)[number]; segment?: string; rule?: string; search?: string };

export const exportRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/transfers/export",
  validateSearch: (raw: Record<string, unknown>): ExportSearch => ({
    from: oneOf(SOURCES, raw.from) ?? SOURCES.find((source) => source !== "all" && text(raw[source]) !== undefined),
    segment: text(raw.segment),
    rule: text(raw.rule),
    search: text(raw.search),
  }),
  component: lazyRouteComponent(SCREEN_CODE["/transfers/export"], "ExportNew"),
});

export const transferRoutes = [transfersRoute, importRoute, exportRoute, jobRoute];
