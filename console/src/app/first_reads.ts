import type { ConcreteRequest, Variables } from "relay-runtime";

import { mayOpen } from "../frame/areas";
import { sendEarly } from "../relay/early";
import type { Permission, Viewer } from "../session/viewer";
import { routeOf, type Route } from "./screen_code";

type FirstRead = {
  query: () => Promise<{ default: ConcreteRequest }>;
  /** By the ids in the address, and what the member may do. */
  variables?: (id: string, may: (permission: Permission) => boolean) => Variables;
};

/** How many of a list are read at first. */
const LIST = { first: 50, after: null, skip: 0 };

/** What the screens read first when nothing but their path is in the address, by the paths of their routes. */
const FIRST_READS: Readonly<Partial<Record<Route, FirstRead>>> = {
  "/": {
    query: () => import("../__generated__/homeQuery.graphql"),
    variables: (_, may) => ({
      mayJobs: may("JOB_READ"),
      mayBroadcasts: may("BROADCAST_READ"),
      maySegments: may("SEGMENT_READ"),
      mayWorkflows: may("WORKFLOW_READ"),
      mayWebhooks: may("WEBHOOK_MANAGE"),
    }),
  },
  "/broadcasts": { query: () => import("../__generated__/broadcastListQuery.graphql") },
  "/contacts": {
    query: () => import("../__generated__/contactListQuery.graphql"),
    variables: () => ({ orderBy: "CREATED_AT_DESC", withCount: true, withTags: true, withAttributes: false, withScores: false, ...LIST }),
  },
  "/contacts/$contactId": {
    query: () => import("../__generated__/contactPageQuery.graphql"),
    variables: (id, may) => ({
      id,
      withActivities: true,
      withChanges: may("SEGMENT_READ"),
      withSegments: may("SEGMENT_READ"),
      withWorkflows: may("WORKFLOW_READ"),
    }),
  },
  "/contacts/duplicates": { query: () => import("../__generated__/duplicatesQuery.graphql") },
  "/destinations/audiences": { query: () => import("../__generated__/audienceListQuery.graphql") },
  "/destinations/webhooks": { query: () => import("../__generated__/endpointListQuery.graphql") },
  "/scores": { query: () => import("../__generated__/scoreListQuery.graphql") },
  "/scores/new": { query: () => import("../__generated__/newScoreQuery.graphql") },
  "/segments": {
    query: () => import("../__generated__/segmentListQuery.graphql"),
    variables: () => ({ deleted: false, orderBy: "NAME_ASC" }),
  },
  "/segments/$segmentId": { query: () => import("../__generated__/segmentPageQuery.graphql"), variables: (id) => ({ id }) },
  "/settings/fields": { query: () => import("../__generated__/fieldListQuery.graphql") },
  "/settings/members": { query: () => import("../__generated__/memberListQuery.graphql") },
  "/settings/tokens": { query: () => import("../__generated__/tokenListQuery.graphql") },
  "/settings/tracking": { query: () => import("../__generated__/trackingListQuery.graphql") },
  "/settings/whatsapp": { query: () => import("../__generated__/whatsappSettingsQuery.graphql") },
  "/settings/workspace": { query: () => import("../__generated__/workspaceSettingsQuery.graphql") },
  "/transfers": {
    query: () => import("../__generated__/jobListQuery.graphql"),
    variables: (_, may) => ({ maySegments: may("SEGMENT_READ"), mayWorkflows: may("WORKFLOW_READ") }),
  },
  "/workflows": { query: () => import("../__generated__/workflowListQuery.graphql"), variables: () => ({ withFailed: false }) },
};

/**
 * Fetches the query of the screen at a path. Returns a function that sends it, once it is known who is signed in: the answer is there
 * when the screen asks. What the member may not open is not asked for.
 */
export function fetchFirstRead(path: string, search: string): (viewer: Viewer) => void {
  const route = search ? undefined : routeOf(path);
  const read = route && FIRST_READS[route];
  const id = idOf(path);
  if (!read || id === null) return () => undefined;
  const fetched = read.query().catch(() => null); // the screen fetches it again, and says what failed
  return ({ permissions }) => {
    if (!mayOpen(path, permissions)) return;
    const variables = read.variables?.(id, (permission) => permissions.includes(permission)) ?? {};
    void fetched.then((query) => query && sendEarly(query.default, variables));
  };
}

/** What stands last in a path; null when it cannot be read. */
function idOf(path: string): string | null {
  try {
    return decodeURIComponent(path.split("/").findLast(Boolean) ?? "");
  } catch {
    return null;
  }
}
