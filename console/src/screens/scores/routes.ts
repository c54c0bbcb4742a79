import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { rootRoute } from "../../app/root";

export const scoresRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/scores",
  component: lazyRouteComponent(() => import("./score_list"), "ScoreList"),
});

export const newScoreRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/scores/new",
  component: lazyRouteComponent(() => import("./new_score"), "NewScore"),
});

export const scoreRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/scores/$scoreModelId",
  component: lazyRouteComponent(() => import("./score_page"), "ScorePage"),
});

export const editScoreRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/scores/$scoreModelId/edit",
  component: lazyRouteComponent(() => import("./edit_score"), "EditScore"),
});

export const scoreRoutes = [scoresRoute, newScoreRoute, scoreRoute, editScoreRoute];
