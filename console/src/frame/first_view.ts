import type { ReactNode } from "react";

import type { Kit } from "../components/kit";
import type { Viewer } from "../session/viewer";

/**
 * Draws a screen as it is when its first answer is there, without hooks: before React is there, so of the parts that React draws too.
 * What cannot be used so early, such as fields to type into, is left out, and its place kept.
 */
export type FirstView<Data> = (props: { kit: Kit; viewer: Viewer; may: (permission: Viewer["permissions"][number]) => boolean; data: Data }) => ReactNode;
