import type { sessionViewerQuery$data } from "../__generated__/sessionViewerQuery.graphql";

/** The member who is signed in, with the workspace. */
export type Viewer = sessionViewerQuery$data["viewer"];
export type Permission = Viewer["permissions"][number];
