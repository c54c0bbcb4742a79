import type { ReactNode } from "react";

import { Screen } from "../components/screen";
import type { Viewer } from "../session/viewer";
import type { FrameTexts } from "../texts/frame";
import classes from "./awaited_screen.module.css";
import type { FrameLink } from "./frame";
import { SettingsParts } from "./settings_parts";

/** What stands where a screen will be until its code and its data are there: the words of it that are known, and its place. */
export function AwaitedScreen({
  texts,
  viewer,
  path,
  link,
  children = <AwaitedPart texts={texts} viewer={viewer} path={path} />,
}: {
  texts: FrameTexts;
  viewer: Viewer;
  path: string;
  link: FrameLink;
  children?: ReactNode;
}) {
  if (!/^\/settings(\/|$)/.test(path)) return children;
  return (
    <SettingsParts texts={texts} permissions={viewer.permissions} path={path} link={link}>
      {children}
    </SettingsParts>
  );
}

/** The same without what stands around the screens of an area. */
export function AwaitedPart({ texts, viewer, path }: { texts: FrameTexts; viewer: Viewer; path: string }) {
  const { title, lead } = headOf(texts, viewer, path) ?? {
    title: <span className={classes.awaitedTitle}>&nbsp;</span>,
    lead: <span className={classes.awaitedLead}>&nbsp;</span>,
  };
  return (
    <Screen title={title} lead={lead}>
      <AwaitedContent texts={texts} />
    </Screen>
  );
}

/** The place of what is not there yet. It is seen after a while only, so that what is there soon is not announced by a flash. */
export function AwaitedContent({ texts }: { texts: Pick<FrameTexts, "loading"> }) {
  return (
    <div role="status" data-awaited className={classes.content}>
      <span className="only-read">{texts.loading}</span>
    </div>
  );
}

type Head = { title: string; lead?: string };

function headOf(texts: FrameTexts, viewer: Viewer, path: string): Head | undefined {
  const heads: Record<string, Head | undefined> = texts.heads;
  return path === "/" ? { title: viewer.workspace.name, lead: "\u00a0" } : heads[path.replace(/\/$/, "")];
}
