import { IconMenu2, IconUser } from "@tabler/icons-react";
import type { ComponentType, ReactNode, Ref } from "react";

import { Logo } from "../components/logo";
import type { Viewer } from "../session/viewer";
import type { FrameTexts } from "../texts/frame";
import { areaOf, areasFor } from "./areas";
import classes from "./frame.module.css";

type LinkProps = { to: string; className?: string; "aria-current"?: "page"; children: ReactNode };

/** How the frame draws a link to a screen: with the router once that is there, and before that as any page would. */
export type FrameLink = ComponentType<LinkProps>;

/**
 * What stands around all screens: menu, workspace, who is signed in. It uses no hooks, since it is drawn before React is there too
 * (see early_frame.tsx); what needs them is given to it.
 */
export function Frame({
  texts: { nav },
  viewer: { permissions, workspace, member },
  path,
  link: Link,
  isOpened = false,
  onBurger,
  connection,
  account = <AccountButton texts={nav} name={member?.name} />,
  children,
}: {
  texts: FrameTexts;
  viewer: Viewer;
  path: string;
  link: FrameLink;
  /** Whether the menu is shown on a narrow page. */
  isOpened?: boolean;
  onBurger?: () => void;
  connection?: ReactNode;
  account?: ReactNode;
  children: ReactNode;
}) {
  const areas = areasFor(permissions);
  const area = areaOf(areas, path);
  return (
    <div className={classes.frame}>
      <a href="#main" className="skip-link">
        {nav.skip}
      </a>
      <header className={classes.header}>
        <button type="button" className={classes.burger} aria-label={nav.menu} aria-expanded={isOpened} onClick={onBurger}>
          <IconMenu2 size={20} aria-hidden />
        </button>
        <Logo />
        <span className={classes.workspace} data-whole="">{workspace.name}</span>
        {connection}
        {account}
      </header>
      <nav className={classes.areas} aria-label={nav.areas} data-opened={isOpened || undefined}>
        {areas.map(({ to, label, icon: Icon }) => (
          <Link key={to} to={to} className={classes.area} aria-current={area?.to === to ? "page" : undefined}>
            <Icon size={18} stroke={1.75} />
            {nav[label]}
          </Link>
        ))}
      </nav>
      <main id="main" tabIndex={-1} className={classes.main}>
        {children}
      </main>
    </div>
  );
}

/** The button that shows what a member may choose for this browser. */
export function AccountButton({
  texts,
  name,
  ...rest
}: {
  texts: FrameTexts["nav"];
  name: string | undefined;
  ref?: Ref<HTMLButtonElement>;
  onClick?: () => void;
}) {
  return (
    <button type="button" className={classes.account} aria-label={texts.account} aria-haspopup="menu" {...rest}>
      <IconUser size={18} aria-hidden />
      <span className={classes.member}>{name}</span>
    </button>
  );
}
