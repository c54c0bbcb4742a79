import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { rootRoute } from "../../app/root";
import { SCREEN_CODE } from "../../app/screen_code";

function text(raw: unknown): string | undefined {
  return typeof raw === "string" && raw ? raw : undefined;
}

export const destinationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations",
  component: lazyRouteComponent(SCREEN_CODE["/destinations"], "DestinationsIndex"),
});

export const endpointsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations/webhooks",
  component: lazyRouteComponent(SCREEN_CODE["/destinations/webhooks"], "EndpointList"),
});

export const endpointNewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations/webhooks/new",
  component: lazyRouteComponent(SCREEN_CODE["/destinations/webhooks/new"], "EndpointNew"),
});

export const LOGS = ["succeeded", "failed"] as const;
export const PANELS = ["rotate", "replay"] as const;

/** Which deliveries are listed, which one is open, and what else is open beside the page. */
export type EndpointSearch = { log?: (typeof LOGS)[number]; delivery?: string; open?: (typeof PANELS)[number] };

export const endpointRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations/webhooks/$endpoint",
  validateSearch: (raw: Record<string, unknown>): EndpointSearch => ({
    log: LOGS.find((each) => each === raw.log),
    delivery: text(raw.delivery),
    open: PANELS.find((each) => each === raw.open),
  }),
  component: lazyRouteComponent(SCREEN_CODE["/destinations/webhooks/$endpoint"], "EndpointPage"),
});

export const endpointEditRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations/webhooks/$endpoint/edit",
  component: lazyRouteComponent(SCREEN_CODE["/destinations/webhooks/$endpoint/edit"], "EndpointEdit"),
});

/** `open`: "new" or "connect"; `segment` is chosen already in a new audience. */
export type AudiencesSearch = { open?: "new" | "connect"; segment?: string };

export const audiencesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations/audiences",
  validateSearch: (raw: Record<string, unknown>): AudiencesSearch => ({
    open: raw.open === "new" || raw.open === "connect" ? raw.open : undefined,
    segment: text(raw.segment),
  }),
  component: lazyRouteComponent(SCREEN_CODE["/destinations/audiences"], "AudienceList"),
});

export const audienceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations/audiences/$audience",
  validateSearch: (raw: Record<string, unknown>): { open?: "edit" | "delete" } => ({
    open: raw.open === "edit" || raw.open === "delete" ? raw.open : undefined,
  }),
  component: lazyRouteComponent(SCREEN_CODE["/destinations/audiences/$audience"], "AudiencePage"),
});

export const destinationRoutes = [
  destinationsRoute,
  endpointsRoute,
  endpointNewRoute,
  endpointRoute,
  endpointEditRoute,
  audiencesRoute,
  audienceRoute,
];
