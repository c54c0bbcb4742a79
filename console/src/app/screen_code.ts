import { fromServer } from "../frame/from_server";

/** The same loads, which wait while the server is away. */
function waiting<Loads extends Readonly<Record<string, () => Promise<unknown>>>>(loads: Loads): Loads {
  return Object.fromEntries(Object.entries(loads).map(([path, load]) => [path, () => fromServer(load)])) as Loads;
}

/** The code of each screen, by the path of its route. It is apart from the routes, so that it can be fetched before they are there. */
export const SCREEN_CODE = waiting({
  "/": () => import("../screens/home/home"),
  "/broadcasts": () => import("../screens/broadcasts/broadcast_list"),
  "/broadcasts/$broadcastId": () => import("../screens/broadcasts/broadcast_page"),
  "/broadcasts/$broadcastId/edit": () => import("../screens/broadcasts/edit_broadcast"),
  "/broadcasts/new": () => import("../screens/broadcasts/new_broadcast"),
  "/contacts": () => import("../screens/contacts/contact_list"),
  "/contacts/$contactId": () => import("../screens/contacts/contact_page"),
  "/contacts/duplicates": () => import("../screens/contacts/duplicates"),
  "/destinations": () => import("../screens/destinations/destinations_index"),
  "/destinations/audiences": () => import("../screens/destinations/audience_list"),
  "/destinations/audiences/$audience": () => import("../screens/destinations/audience_page"),
  "/destinations/webhooks": () => import("../screens/destinations/endpoint_list"),
  "/destinations/webhooks/$endpoint": () => import("../screens/destinations/endpoint_page"),
  "/destinations/webhooks/$endpoint/edit": () => import("../screens/destinations/endpoint_edit"),
  "/destinations/webhooks/new": () => import("../screens/destinations/endpoint_new"),
  "/scores": () => import("../screens/scores/score_list"),
  "/scores/$scoreModelId": () => import("../screens/scores/score_page"),
  "/scores/$scoreModelId/edit": () => import("../screens/scores/edit_score"),
  "/scores/new": () => import("../screens/scores/new_score"),
  "/segments": () => import("../screens/segments/segment_list"),
  "/segments/$segmentId": () => import("../screens/segments/segment_page"),
  "/segments/$segmentId/edit": () => import("../screens/segments/segment_edit"),
  "/segments/new": () => import("../screens/segments/segment_new"),
  "/settings": () => import("../screens/settings/settings_index"),
  "/settings/audit": () => import("../screens/settings/audit_list"),
  "/settings/fields": () => import("../screens/settings/field_list"),
  "/settings/members": () => import("../screens/settings/member_list"),
  "/settings/password": () => import("../screens/settings/password_settings"),
  "/settings/tags": () => import("../screens/settings/tag_list"),
  "/settings/tokens": () => import("../screens/settings/token_list"),
  "/settings/tracking": () => import("../screens/settings/tracking_list"),
  "/settings/whatsapp": () => import("../screens/settings/whatsapp_settings"),
  "/settings/workspace": () => import("../screens/settings/workspace_settings"),
  "/transfers": () => import("../screens/transfers/job_list"),
  "/transfers/$job": () => import("../screens/transfers/job_page"),
  "/transfers/export": () => import("../screens/transfers/export_new"),
  "/transfers/import": () => import("../screens/transfers/import_new"),
  "/workflows": () => import("../screens/workflows/workflow_list"),
  "/workflows/$workflowId": () => import("../screens/workflows/workflow_page"),
  "/workflows/$workflowId/edit": () => import("../screens/workflows/workflow_editor"),
} as const);

export type Route = keyof typeof SCREEN_CODE;

/** The code of what stands around the screens of an area, by the beginning of their paths. */
export const FRAME_CODE = waiting({
  "/settings": () => import("../screens/settings/settings_frame"),
} as const);

/** Fetches what the screen at a path is made of, at once. The routes take it over, and say what failed. */
export function fetchCode(path: string): void {
  const frames = Object.entries(FRAME_CODE).filter(([area]) => path === area || path.startsWith(`${area}/`));
  for (const code of [codeOf(path), ...frames.map(([, code]) => code)]) code?.().catch(() => undefined);
}

/** The code of the screen at a path, such as `/contacts/ID`; undefined where there is none. */
export function codeOf(path: string): (() => Promise<unknown>) | undefined {
  const route = routeOf(path);
  return route && SCREEN_CODE[route];
}

/** The route that has the screen at a path. One without parameters goes before one with them. */
export function routeOf(path: string): Route | undefined {
  const parts = partsOf(path);
  const fitting = (Object.keys(SCREEN_CODE) as Route[]).filter((route) => fits(partsOf(route), parts));
  return fitting.toSorted((one, other) => parametersIn(one) - parametersIn(other))[0];
}

function partsOf(path: string): string[] {
  return path.split("/").filter(Boolean);
}

function fits(route: readonly string[], parts: readonly string[]): boolean {
  return route.length === parts.length && route.every((part, index) => part.startsWith("$") || part === parts[index]);
}

function parametersIn(route: string): number {
  return partsOf(route).filter((part) => part.startsWith("$")).length;
}
