import { Match, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";

import { DrawnLater } from "../components/drawn_later";
import { areaOf, areasFor } from "../frame/areas";
import { passOn } from "../frame/early_frame";
import { AccountButton, Frame } from "../frame/frame";
import classes from "../frame/frame.module.css";
import { useConnection } from "../relay/connection";
import { useViewer } from "../session/session";
import { useFrameTexts, useTexts } from "../texts/texts";
import { Pending } from "./pending";
import { ScreenLink } from "./screen_link";

const AccountMenu = lazy(() => import("./account_menu").then((module) => ({ default: module.AccountMenu })));

/** The frame around all screens, with what changes in it. */
export function Shell() {
  const texts = useFrameTexts();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const screen = useRouterState({ select: ({ matches }) => matches[1]?.routeId }); // an Outlet would have a boundary of its own
  const [openedAt, setOpenedAt] = useState<string | null>(null);
  const viewer = useViewer();
  const isOpened = openedAt === path; // on a narrow page the menu is open until a screen is chosen
  const area = areaOf(areasFor(viewer.permissions), path);
  const { name } = viewer.workspace;
  useEffect(() => {
    document.title = area ? `${texts.nav[area.label]} · ${name}` : name;
  }, [area, texts, name]);
  useEffect(passOn, []);

  return (
    <Frame
      texts={texts}
      viewer={viewer}
      path={path}
      link={ScreenLink}
      isOpened={isOpened}
      onBurger={() => setOpenedAt(isOpened ? null : path)}
      connection={<ConnectionState />}
      account={<Account />}
    >
      <DrawnLater until={<Pending />}>{screen && <Match routeId={screen} />}</DrawnLater>
    </Frame>
  );
}

/** Says so while the server does not answer. */
function ConnectionState() {
  const t = useTexts();
  const connection = useConnection();
  return (
    <span role="status" className={classes.connection} data-state={connection}>
      {connection === "lost" ? t.nav.reconnecting : ""}
    </span>
  );
}

/** The button of the account; its menu is fetched when it is asked for. */
function Account() {
  const { nav } = useFrameTexts();
  const { member } = useViewer();
  const [isWanted, setWanted] = useState(false);
  const button = <AccountButton texts={nav} name={member?.name} onClick={() => setWanted(true)} />;
  if (!isWanted) return button;
  return (
    <Suspense fallback={button}>
      <AccountMenu>{button}</AccountMenu>
    </Suspense>
  );
}
