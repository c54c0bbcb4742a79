import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { rootRoute } from "../../app/root";
import { SCREEN_CODE } from "../../app/screen_code";

export const scoresRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/scores",
  component: lazyRouteComponent(SCREEN_CODE["/scores"], "ScoreList"),
});

export const newScoreRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/scores/new",
  component: lazyRouteComponent(SCREEN_CODE["/scores/new"], "NewScore"),
});

export const scoreRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/scores/$scoreModelId",
  component: lazyRouteComponent(SCREEN_CODE["/scores/$scoreModelId"], "ScorePage"),
});

export const editScoreRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/scores/$scoreModelId/edit",
  component: lazyRouteComponent(SCREEN_CODE["/scores/$scoreModelId/edit"], "EditScore"),
});

export const scoreRoutes = [scoresRoute, newScoreRoute, scoreRoute, editScoreRoute];
