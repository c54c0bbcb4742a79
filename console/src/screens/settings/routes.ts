import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { rootRoute } from "../../app/root";
import { FRAME_CODE, SCREEN_CODE } from "../../app/screen_code";

/** What is open beside a list: "new", or the id of what is edited. */
export type OpenSearch = { open?: string };

function text(raw: unknown): string | undefined {
  return typeof raw === "string" && raw ? raw : undefined;
}

const openSearch = (raw: Record<string, unknown>): OpenSearch => ({ open: text(raw.open) });

export const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "settings",
  component: lazyRouteComponent(FRAME_CODE["/settings"], "SettingsFrame"),
});

const parent = () => settingsRoute;

export const settingsIndexRoute = createRoute({
  getParentRoute: parent,
  path: "/settings",
  component: lazyRouteComponent(SCREEN_CODE["/settings"], "SettingsIndex"),
});

export const workspaceRoute = createRoute({
  getParentRoute: parent,
  path: "/settings/workspace",
  component: lazyRouteComponent(SCREEN_CODE["/settings/workspace"], "WorkspaceSettings"),
});

export const membersRoute = createRoute({
  getParentRoute: parent,
  path: "/settings/members",
  validateSearch: openSearch,
  component: lazyRouteComponent(SCREEN_CODE["/settings/members"], "MemberList"),
});

export const tokensRoute = createRoute({
  getParentRoute: parent,
  path: "/settings/tokens",
  validateSearch: openSearch,
  component: lazyRouteComponent(SCREEN_CODE["/settings/tokens"], "TokenList"),
});

export const trackingRoute = createRoute({
  getParentRoute: parent,
  path: "/settings/tracking",
  validateSearch: openSearch,
  component: lazyRouteComponent(SCREEN_CODE["/settings/tracking"], "TrackingList"),
});

export const fieldsRoute = createRoute({
  getParentRoute: parent,
  path: "/settings/fields",
  validateSearch: openSearch,
  component: lazyRouteComponent(SCREEN_CODE["/settings/fields"], "FieldList"),
});

export const tagsRoute = createRoute({
  getParentRoute: parent,
  path: "/settings/tags",
  validateSearch: (raw: Record<string, unknown>): { search?: string } => ({ search: text(raw.search) }),
  component: lazyRouteComponent(SCREEN_CODE["/settings/tags"], "TagList"),
});

export const whatsappRoute = createRoute({
  getParentRoute: parent,
  path: "/settings/whatsapp",
  validateSearch: openSearch,
  component: lazyRouteComponent(SCREEN_CODE["/settings/whatsapp"], "WhatsAppSettings"),
});

/** Days are calendar days of the workspace: `to` is the last one that is shown. */
export type AuditSearch = { actor?: string; action?: string; from?: string; to?: string; entry?: string };

const day = (raw: unknown) => (typeof raw === "string" && /^\d{4}-\d{2}-\d{2}$/.test(raw) ? raw : undefined);

export const auditRoute = createRoute({
  getParentRoute: parent,
  path: "/settings/audit",
  validateSearch: (raw: Record<string, unknown>): AuditSearch => ({
    actor: text(raw.actor),
    action: text(raw.action),
    from: day(raw.from),
    to: day(raw.to),
    entry: text(raw.entry),
  }),
  component: lazyRouteComponent(SCREEN_CODE["/settings/audit"], "AuditList"),
});

export const passwordRoute = createRoute({
  getParentRoute: parent,
  path: "/settings/password",
  component: lazyRouteComponent(SCREEN_CODE["/settings/password"], "PasswordSettings"),
});

export const settingsRoutes = [
  settingsRoute.addChildren([
    settingsIndexRoute,
    workspaceRoute,
    membersRoute,
    tokensRoute,
    trackingRoute,
    fieldsRoute,
    tagsRoute,
    whatsappRoute,
    auditRoute,
    passwordRoute,
  ]),
];
