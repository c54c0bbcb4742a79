import { createRouter } from "@tanstack/react-router";

import { broadcastRoutes } from "../screens/broadcasts/routes";
import { contactRoutes } from "../screens/contacts/routes";
import { destinationRoutes } from "../screens/destinations/routes";
import { homeRoutes } from "../screens/home/routes";
import { scoreRoutes } from "../screens/scores/routes";
import { segmentRoutes } from "../screens/segments/routes";
import { settingsRoutes } from "../screens/settings/routes";
import { transferRoutes } from "../screens/transfers/routes";
import { workflowRoutes } from "../screens/workflows/routes";
import { NotFound, ScreenError } from "./failures";
import { Pending } from "./pending";
import { nowhereRoute, rootRoute } from "./root";

const tree = rootRoute.addChildren([
  ...homeRoutes,
  ...contactRoutes,
  ...segmentRoutes,
  ...transferRoutes,
  ...broadcastRoutes,
  ...workflowRoutes,
  ...destinationRoutes,
  ...scoreRoutes,
  ...settingsRoutes,
  nowhereRoute,
]);

let made: ReturnType<typeof make> | undefined;

/** The router, which is made when it is first asked for: that takes a while. */
export function theRouter() {
  made ??= make();
  return made;
}

function make() {
  const router = createRouter({
    routeTree: tree,
    basepath: new URL(document.baseURI).pathname,
    defaultPreload: "intent",
    defaultPendingComponent: Pending,
    defaultErrorComponent: ScreenError,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
  });
  // The shell and the frames say what is shown until a screen is there.
  for (const route of Object.values(router.routesById)) route.options.wrapInSuspense = false;
  return router;
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof make>;
  }
}
