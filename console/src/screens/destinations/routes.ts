import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { rootRoute } from "../../app/root";

function text(raw: unknown): string | undefined {
  return typeof raw === "string" && raw ? raw : undefined;
}

export const destinationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations",
  component: lazyRouteComponent(() => import("./destinations_index"), "DestinationsIndex"),
});

export const endpointsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations/webhooks",
  component: lazyRouteComponent(() => import("./endpoint_list"), "EndpointList"),
});

export const endpointNewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations/webhooks/new",
  component: lazyRouteComponent(() => import("./endpoint_new"), "EndpointNew"),
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
  component: lazyRouteComponent(() => import("./endpoint_page"), "EndpointPage"),
});

export const endpointEditRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations/webhooks/$endpoint/edit",
  component: lazyRouteComponent(() => import("./endpoint_edit"), "EndpointEdit"),
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
  component: lazyRouteComponent(() => import("./audience_list"), "AudienceList"),
});

export const audienceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/destinations/audiences/$audience",
  validateSearch: (raw: Record<string, unknown>): { open?: "edit" | "delete" } => ({
    open: raw.open === "edit" || raw.open === "delete" ? raw.open : undefined,
  }),
  component: lazyRouteComponent(() => import("./audience_page"), "AudiencePage"),
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
