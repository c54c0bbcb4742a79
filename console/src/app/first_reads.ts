import type { ReactNode } from "react";
import type { ConcreteRequest, Variables } from "relay-runtime";

import type { Kit } from "../components/kit";
import { mayOpen } from "../frame/areas";
import type { FirstView } from "../frame/first_view";
import { readEarly, sendEarly } from "../relay/early";
import type { Permission, Viewer } from "../session/viewer";
import { routeOf, type Route } from "./screen_code";

type FirstRead = {
  /** None where what is drawn first needs no answer. */
  query?: () => Promise<{ default: ConcreteRequest }>;
  /** By the ids in the address, and what the member may do. */
  variables?: (id: string, may: (permission: Permission) => boolean) => Variables;
  /** What is asked for when the answer is there, such as a number that takes longer to count than the rows take to read. */
  afterwards?: () => Promise<{ default: ConcreteRequest }>;
  /** What is drawn first does not wait for the answer. */
  isDrawnAtOnce?: true;
  /** The code of what draws the answer before the screen is there. */
  view?: () => Promise<{ firstView: FirstView<never> }>;
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
      mayContacts: may("CONTACT_READ"),
      maySegments: may("SEGMENT_READ"),
      mayWorkflows: may("WORKFLOW_READ"),
      mayWebhooks: may("WEBHOOK_MANAGE"),
    }),
    afterwards: () => import("../__generated__/allContactsQuery.graphql"),
    view: () => import("../screens/home/home_parts"),
  },
  "/broadcasts": {
    query: () => import("../__generated__/broadcastListQuery.graphql"),
    view: () => import("../screens/broadcasts/broadcast_list_parts"),
  },
  "/broadcasts/new": {
    query: () => import("../__generated__/newBroadcastQuery.graphql"),
    variables: (_, may) => ({ from: "", isCopy: false, segment: "", hasSegment: false, mayReadContacts: may("CONTACT_READ") }),
    view: () => import("../screens/broadcasts/new_broadcast_first_view"),
  },
  "/contacts": {
    query: () => import("../__generated__/contactListQuery.graphql"),
    variables: () => ({ orderBy: "CREATED_AT_DESC", withTags: true, withAttributes: false, withScores: false, ...LIST }),
    afterwards: () => import("../__generated__/contactListCountQuery.graphql"),
    view: () => import("../screens/contacts/contact_list_parts"),
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
    view: () => import("../screens/contacts/contact_first_view"),
  },
  "/contacts/duplicates": {
    query: () => import("../__generated__/duplicatesQuery.graphql"),
    view: () => import("../screens/contacts/duplicates_first_view"),
  },
  "/destinations/audiences": {
    query: () => import("../__generated__/audienceListQuery.graphql"),
    view: () => import("../screens/destinations/audience_first_view"),
  },
  "/destinations/webhooks": {
    query: () => import("../__generated__/endpointListQuery.graphql"),
    view: () => import("../screens/destinations/endpoint_first_view"),
  },
  "/destinations/webhooks/new": { isDrawnAtOnce: true, view: () => import("../screens/destinations/endpoint_new_first_view") },
  "/scores": { query: () => import("../__generated__/scoreListQuery.graphql"), view: () => import("../screens/scores/score_first_view") },
  "/scores/new": {
    query: () => import("../__generated__/newScoreQuery.graphql"),
    isDrawnAtOnce: true,
    view: () => import("../screens/scores/new_score_first_view"),
  },
  "/segments": {
    query: () => import("../__generated__/segmentListQuery.graphql"),
    variables: () => ({ deleted: false, orderBy: "NAME_ASC" }),
    view: () => import("../screens/segments/segment_list_parts"),
  },
  "/segments/new": {
    query: () => import("../__generated__/segmentNewQuery.graphql"),
    isDrawnAtOnce: true,
    view: () => import("../screens/segments/segment_new_first_view"),
  },
  "/segments/$segmentId": {
    query: () => import("../__generated__/segmentPageQuery.graphql"),
    variables: (id) => ({ id }),
    view: () => import("../screens/segments/segment_page_parts"),
  },
  "/settings/audit": { query: () => import("../__generated__/auditListQuery.graphql") },
  "/settings/fields": { query: () => import("../__generated__/fieldListQuery.graphql") },
  "/settings/members": { query: () => import("../__generated__/memberListQuery.graphql") },
  "/settings/tokens": { query: () => import("../__generated__/tokenListQuery.graphql") },
  "/settings/tracking": { query: () => import("../__generated__/trackingListQuery.graphql") },
  "/settings/whatsapp": {
    query: () => import("../__generated__/whatsappSettingsQuery.graphql"),
    view: () => import("../screens/settings/whatsapp_first_view"),
  },
  "/settings/workspace": {
    query: () => import("../__generated__/workspaceSettingsQuery.graphql"),
    view: () => import("../screens/settings/workspace_first_view"),
  },
  "/transfers": {
    query: () => import("../__generated__/jobListQuery.graphql"),
    variables: (_, may) => ({ maySegments: may("SEGMENT_READ"), mayWorkflows: may("WORKFLOW_READ") }),
    view: () => import("../screens/transfers/job_list_parts"),
  },
  "/workflows": {
    query: () => import("../__generated__/workflowListQuery.graphql"),
    variables: () => ({ withFailed: false }),
    view: () => import("../screens/workflows/workflow_list_parts"),
  },
};

/** Resolves with what draws the screen as its first answer says; null when that cannot be. */
export type FirstScreen = Promise<((kit: Kit) => ReactNode) | null>;

/**
 * Fetches the query of the screen at a path. Returns a function that sends it, once it is known who is signed in and where the path
 * leads them: the answer is there when the screen asks. What the member may not open is not asked for. It returns null where nothing is
 * drawn of the answer before the screen is there.
 */
export function fetchFirstRead(path: string, search: string): (viewer: Viewer, to: string) => FirstScreen | null {
  const at = search ? undefined : readOf(path);
  const fetched = at?.query?.();
  fetched?.catch(() => undefined); // the screen fetches it again, and says what failed
  return (viewer, to) => {
    const read = search || !mayOpen(to, viewer.permissions) ? undefined : readOf(to);
    if (!read) return null;
    const may = (permission: Permission) => viewer.permissions.includes(permission);
    const answer = Promise.resolve(read === at && fetched ? fetched : read.query?.())
      .then((query) => query && readEarly(query.default, read.variables?.(idOf(to) ?? "", may) ?? {}))
      .catch(() => null); // the screen asks again, and says what failed
    if (read.afterwards) void Promise.all([read.afterwards(), answer]).then(([query]) => sendEarly(query.default, {}), () => undefined);
    const code = read.view?.();
    if (!code) return null;
    return Promise.all([read.isDrawnAtOnce ? {} : answer, code]).then(
      ([data, { firstView }]) => (data ? (kit) => firstView({ kit, viewer, may, data: data as never }) : null),
      () => null,
    );
  };
}

function readOf(path: string): FirstRead | undefined {
  const route = idOf(path) === null ? undefined : routeOf(path);
  return route && FIRST_READS[route];
}

/** What stands last in a path; null when it cannot be read. */
function idOf(path: string): string | null {
  try {
    return decodeURIComponent(path.split("/").findLast(Boolean) ?? "");
  } catch {
    return null;
  }
}
