import { createRootRoute } from "@tanstack/react-router";

import { NotFound, ScreenError } from "./failures";
import { Shell } from "./shell";

export const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: ScreenError });
