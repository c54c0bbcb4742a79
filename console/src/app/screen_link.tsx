import { Link } from "@tanstack/react-router";

import type { FrameLink } from "../frame/frame";

/** A link of the frame, by the router. */
export const ScreenLink: FrameLink = (props) => <Link activeOptions={{ exact: true }} {...props} />;
