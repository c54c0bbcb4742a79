import { useRouterState } from "@tanstack/react-router";
import { useLayoutEffect, useRef } from "react";

import { AwaitedContent, AwaitedPart, AwaitedScreen } from "../frame/awaited_screen";
import { leadsTo } from "../frame/areas";
import { hasEarlyScreen, keepEarlyScreen } from "../frame/early_frame";
import { useViewer } from "../session/session";
import { useFrameTexts } from "../texts/texts";
import { ScreenLink } from "./screen_link";

function useAwaited() {
  const viewer = useViewer();
  const path = useRouterState({ select: (state) => state.location.pathname });
  return { texts: useFrameTexts(), viewer, path: leadsTo(path, viewer.permissions) };
}

/** What a screen shows until its code and its first answer are there. */
export function Pending() {
  const awaited = useAwaited();
  return (
    <AwaitedScreen {...awaited} link={ScreenLink}>
      <PendingBeside />
    </AwaitedScreen>
  );
}

/** The same of a screen that has others of its area beside it. */
export function PendingBeside() {
  const awaited = useAwaited();
  return hasEarlyScreen(awaited.path) ? <KeptScreen /> : <AwaitedPart {...awaited} />;
}

/** What was drawn of the screen before React was there. */
function KeptScreen() {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => keepEarlyScreen(place.current), []);
  return <div ref={place} style={{ display: "contents" }} />;
}

/** What a tab or another part of a screen shows until it is there. */
export function PendingPart() {
  return <AwaitedContent texts={useFrameTexts()} />;
}
