import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { rootRoute } from "../../app/root";
import { SCREEN_CODE } from "../../app/screen_code";
import type { BroadcastStatus } from "../../__generated__/broadcastListQuery.graphql";
import type { ExclusionReason } from "../../__generated__/exclusionListQuery.graphql";
import type { RecipientStatus } from "../../__generated__/recipientListQuery.graphql";

export const STATUSES: readonly BroadcastStatus[] = [
  "DRAFT",
  "SCHEDULED",
  "PREPARING",
  "SENDING",
  "PAUSED",
  "COMPLETED",
  "CANCELLED",
  "FAILED",
];
export const STATES: readonly RecipientStatus[] = ["PENDING", "SENDING", "SENT", "DELIVERED", "READ", "FAILED", "SKIPPED", "UNCONFIRMED"];
export const EXCLUSIONS: readonly ExclusionReason[] = [
  "EXCLUDED_SEGMENT",
  "NO_PHONE",
  "OPTED_OUT",
  "NO_CONSENT",
  "MISSING_PARAMETER",
  "MESSAGE_CAP",
  "DUPLICATE_PHONE",
];

function oneOf<Value extends string>(values: readonly Value[], raw: unknown): Value | undefined {
  return values.find((value) => value === raw);
}

function textOf(raw: unknown): string | undefined {
  return typeof raw === "string" && raw ? raw : undefined;
}

export const broadcastsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/broadcasts",
  validateSearch: (raw: Record<string, unknown>): { status?: BroadcastStatus } => ({ status: oneOf(STATUSES, raw.status) }),
  component: lazyRouteComponent(SCREEN_CODE["/broadcasts"], "BroadcastList"),
});

/** `from`: the broadcast that is copied. `segment`: one that gets it. */
export const newBroadcastRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/broadcasts/new",
  validateSearch: (raw: Record<string, unknown>): { from?: string; segment?: string } => ({
    from: textOf(raw.from),
    segment: textOf(raw.segment),
  }),
  component: lazyRouteComponent(SCREEN_CODE["/broadcasts/new"], "NewBroadcast"),
});

/** `excluded`: the reason whose people are shown beside. */
export const editBroadcastRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/broadcasts/$broadcastId/edit",
  validateSearch: (raw: Record<string, unknown>): { excluded?: ExclusionReason } => ({ excluded: oneOf(EXCLUSIONS, raw.excluded) }),
  component: lazyRouteComponent(SCREEN_CODE["/broadcasts/$broadcastId/edit"], "EditBroadcast"),
});

/** `state` and `reason` say which recipients are listed; `excluded` as above. */
export type BroadcastSearch = { state?: RecipientStatus; reason?: string; excluded?: ExclusionReason };

export const broadcastRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/broadcasts/$broadcastId",
  validateSearch: (raw: Record<string, unknown>): BroadcastSearch => ({
    state: oneOf(STATES, raw.state),
    reason: textOf(raw.reason),
    excluded: oneOf(EXCLUSIONS, raw.excluded),
  }),
  component: lazyRouteComponent(SCREEN_CODE["/broadcasts/$broadcastId"], "BroadcastPage"),
});

export const broadcastRoutes = [broadcastsRoute, newBroadcastRoute, editBroadcastRoute, broadcastRoute];
