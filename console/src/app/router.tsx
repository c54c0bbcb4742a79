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
import { rootRoute } from "./root";

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
]);

export const router = createRouter({
  routeTree: tree,
  basepath: new URL(document.baseURI).pathname,
  defaultPreload: "intent",
  defaultPendingComponent: Pending,
  defaultErrorComponent: ScreenError,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
