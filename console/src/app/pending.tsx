import { useRouterState } from "@tanstack/react-router";

import { AwaitedContent, AwaitedPart, AwaitedScreen } from "../frame/awaited_screen";
import { useViewer } from "../session/session";
import { useFrameTexts } from "../texts/texts";
import { ScreenLink } from "./screen_link";

function useAwaited() {
  return { texts: useFrameTexts(), viewer: useViewer(), path: useRouterState({ select: (state) => state.location.pathname }) };
}

/** What a screen shows until its code and its first answer are there. */
export function Pending() {
  return <AwaitedScreen {...useAwaited()} link={ScreenLink} />;
}

/** The same of a screen that has others of its area beside it. */
export function PendingBeside() {
  return <AwaitedPart {...useAwaited()} />;
}

/** What a tab or another part of a screen shows until it is there. */
export function PendingPart() {
  return <AwaitedContent texts={useFrameTexts()} />;
}
