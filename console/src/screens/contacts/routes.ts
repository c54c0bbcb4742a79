import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { rootRoute } from "../../app/root";

/** What the list of contacts keeps in its address. */
export type ContactSearch = { search?: string };

export const contactsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/contacts",
  validateSearch: (raw: Record<string, unknown>): ContactSearch => ({
    search: typeof raw.search === "string" && raw.search ? raw.search : undefined,
  }),
  component: lazyRouteComponent(() => import("./contact_list"), "ContactList"),
});

export const contactRoutes = [contactsRoute];
