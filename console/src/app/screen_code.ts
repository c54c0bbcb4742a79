import { fromServer } from "../frame/from_server";

/** Code that is waited for while the server is away. */
function code<Code>(load: () => Promise<Code>): () => Promise<Code> {
  return () => fromServer(load);
}

/** The code of each screen, by the path of its route. It is apart from the routes, so that it can be fetched before they are there. */
export const SCREEN_CODE = {
  "/": code(() => import("../screens/home/home")),
  "/broadcasts": code(() => import("../screens/broadcasts/broadcast_list")),
  "/broadcasts/$broadcastId": code(() => import("../screens/broadcasts/broadcast_page")),
  "/broadcasts/$broadcastId/edit": code(() => import("../screens/broadcasts/edit_broadcast")),
  "/broadcasts/new": code(() => import("../screens/broadcasts/new_broadcast")),
  "/contacts": code(() => import("../screens/contacts/contact_list")),
  "/contacts/$contactId": code(() => import("../screens/contacts/contact_page")),
  "/contacts/duplicates": code(() => import("../screens/contacts/duplicates")),
  "/destinations": code(() => import("../screens/destinations/destinations_index")),
  "/destinations/audiences": code(() => import("../screens/destinations/audience_list")),
  "/destinations/audiences/$audience": code(() => import("../screens/destinations/audience_page")),
  "/destinations/webhooks": code(() => import("../screens/destinations/endpoint_list")),
  "/destinations/webhooks/$endpoint": code(() => import("../screens/destinations/endpoint_page")),
  "/destinations/webhooks/$endpoint/edit": code(() => import("../screens/destinations/endpoint_edit")),
  "/destinations/webhooks/new": code(() => import("../screens/destinations/endpoint_new")),
  "/scores": code(() => import("../screens/scores/score_list")),
  "/scores/$scoreModelId": code(() => import("../screens/scores/score_page")),
  "/scores/$scoreModelId/edit": code(() => import("../screens/scores/edit_score")),
  "/scores/new": code(() => import("../screens/scores/new_score")),
  "/segments": code(() => import("../screens/segments/segment_list")),
  "/segments/$segmentId": code(() => import("../screens/segments/segment_page")),
  "/segments/$segmentId/edit": code(() => import("../screens/segments/segment_edit")),
  "/segments/new": code(() => import("../screens/segments/segment_new")),
  "/settings": code(() => import("../screens/settings/settings_index")),
  "/settings/audit": code(() => import("../screens/settings/audit_list")),
  "/settings/fields": code(() => import("../screens/settings/field_list")),
  "/settings/members": code(() => import("../screens/settings/member_list")),
  "/settings/password": code(() => import("../screens/settings/password_settings")),
  "/settings/tags": code(() => import("../screens/settings/tag_list")),
  "/settings/tokens": code(() => import("../screens/settings/token_list")),
  "/settings/tracking": code(() => import("../screens/settings/tracking_list")),
  "/settings/whatsapp": code(() => import("../screens/settings/whatsapp_settings")),
  "/settings/workspace": code(() => import("../screens/settings/workspace_settings")),
  "/transfers": code(() => import("../screens/transfers/job_list")),
  "/transfers/$job": code(() => import("../screens/transfers/job_page")),
  "/transfers/export": code(() => import("../screens/transfers/export_new")),
  "/transfers/import": code(() => import("../screens/transfers/import_new")),
  "/workflows": code(() => import("../screens/workflows/workflow_list")),
  "/workflows/$workflowId": code(() => import("../screens/workflows/workflow_page")),
  "/workflows/$workflowId/edit": code(() => import("../screens/workflows/workflow_editor")),
} as const;

export type Route = keyof typeof SCREEN_CODE;

/** The code of what stands around the screens of an area, by the beginning of their paths. */
export const FRAME_CODE = {
  "/settings": code(() => import("../screens/settings/settings_frame")),
} as const;

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
