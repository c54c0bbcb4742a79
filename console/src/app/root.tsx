import { createRootRoute, createRoute } from "@tanstack/react-router";

import { NotFound, ScreenError } from "./failures";
import { Shell } from "./shell";

export const rootRoute = createRootRoute({ component: Shell, errorComponent: ScreenError });

/** What no screen is at. */
export const nowhereRoute = createRoute({ getParentRoute: () => rootRoute, path: "$", component: NotFound });
