import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { rootRoute } from "../../app/root";
import { SCREEN_CODE } from "../../app/screen_code";
import { validatePageSearch } from "./page_search";
import { validateContactSearch } from "./list_search";
import { validateDuplicatesSearch } from "./duplicates_search";

export const contactsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/contacts",
  validateSearch: validateContactSearch,
  component: lazyRouteComponent(SCREEN_CODE["/contacts"], "ContactList"),
});

export const duplicatesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/contacts/duplicates",
  validateSearch: validateDuplicatesSearch,
  component: lazyRouteComponent(SCREEN_CODE["/contacts/duplicates"], "Duplicates"),
});

export const contactRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/contacts/$contactId",
  validateSearch: validatePageSearch,
  component: lazyRouteComponent(SCREEN_CODE["/contacts/$contactId"], "ContactPage"),
});

export const contactRoutes = [contactsRoute, duplicatesRoute, contactRoute];
