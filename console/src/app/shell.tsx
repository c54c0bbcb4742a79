import { UnstyledButton } from "@mantine/core";
import {
  IconAddressBook,
  IconArrowsTransferDown,
  IconChartDonut,
  IconFlame,
  IconHome,
  IconMenu2,
  IconRoute,
  IconSend,
  IconSettings,
  IconUser,
  IconWebhook,
} from "@tabler/icons-react";
import { Link, Match, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState, type ComponentType } from "react";

import { DrawnLater } from "../components/drawn_later";
import { Logo } from "../components/logo";
import { useConnection } from "../relay/connection";
import { useViewer, type Permission } from "../session/session";
import { useTexts } from "../texts/texts";
import type { Catalogue } from "../texts/en";
import { Pending } from "./pending";
import classes from "./shell.module.css";

const AccountMenu = lazy(() => import("./account_menu").then((module) => ({ default: module.AccountMenu })));

type Area = {
  to: string;
  label: keyof Catalogue["nav"];
  icon: ComponentType<{ size?: number; stroke?: number }>;
  needs?: Permission;
  /** Either of the two is enough. */
  or?: Permission;
};

/** The areas of the console, in the order of the menu. An area whose permission is missing is not offered. */
const AREAS: readonly Area[] = [
  { to: "/", label: "home", icon: IconHome },
  { to: "/contacts", label: "contacts", icon: IconAddressBook, needs: "CONTACT_READ" },
  { to: "/segments", label: "segments", icon: IconChartDonut, needs: "SEGMENT_READ" },
  { to: "/transfers", label: "transfers", icon: IconArrowsTransferDown, needs: "JOB_READ" },
  { to: "/broadcasts", label: "broadcasts", icon: IconSend, needs: "BROADCAST_READ" },
  { to: "/workflows", label: "workflows", icon: IconRoute, needs: "WORKFLOW_READ" },
  { to: "/scores", label: "scores", icon: IconFlame, needs: "SEGMENT_READ" },
  { to: "/destinations", label: "destinations", icon: IconWebhook, needs: "WEBHOOK_MANAGE", or: "SEGMENT_READ" },
  { to: "/settings", label: "settings", icon: IconSettings },
];

/** The frame around all screens: menu, workspace, who is signed in, and whether the server answers. */
export function Shell() {
  const t = useTexts();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const screen = useRouterState({ select: ({ matches }) => matches[1]?.routeId }); // an Outlet would have a boundary of its own
  const [openedAt, setOpenedAt] = useState<string | null>(null);
  const { permissions, workspace } = useViewer();
  const isOpened = openedAt === path; // on a narrow page the menu is open until a screen is chosen
  const areas = AREAS.filter(({ needs, or }) => !needs || permissions.includes(needs) || (or && permissions.includes(or)));
  const area = areas.findLast(({ to }) => (to === "/" ? path === "/" : path.startsWith(to)));
  useEffect(() => {
    document.title = area ? `${t.nav[area.label]} · ${workspace.name}` : workspace.name;
  }, [area, t, workspace.name]);

  return (
    <div className={classes.shell}>
      <a href="#main" className="skip-link">
        {t.nav.skip}
      </a>
      <header className={classes.header}>
        <UnstyledButton
          className={classes.burger}
          aria-label={t.nav.menu}
          aria-expanded={isOpened}
          onClick={() => setOpenedAt(isOpened ? null : path)}
        >
          <IconMenu2 size={20} aria-hidden />
        </UnstyledButton>
        <Logo />
        <span className={classes.workspace}>{workspace.name}</span>
        <ConnectionState />
        <Account />
      </header>
      <nav className={classes.areas} aria-label={t.nav.areas} data-opened={isOpened || undefined}>
        {areas.map(({ to, label, icon: Icon }) => (
          <Link key={to} to={to} activeOptions={{ exact: true }} className={classes.area} aria-current={area?.to === to ? "page" : undefined}>
            <Icon size={18} stroke={1.75} />
            {t.nav[label]}
          </Link>
        ))}
      </nav>
      <main id="main" tabIndex={-1} className={classes.main}>
        <DrawnLater until={<Pending />}>{screen && <Match routeId={screen} />}</DrawnLater>
      </main>
    </div>
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
  const t = useTexts();
  const { member } = useViewer();
  const [isWanted, setWanted] = useState(false);
  const button = (
    <UnstyledButton className={classes.account} aria-label={t.nav.account} aria-haspopup="menu" onClick={() => setWanted(true)}>
      <IconUser size={18} aria-hidden />
      <span className={classes.member}>{member?.name}</span>
    </UnstyledButton>
  );
  if (!isWanted) return button;
  return (
    <Suspense fallback={button}>
      <AccountMenu>{button}</AccountMenu>
    </Suspense>
  );
}
