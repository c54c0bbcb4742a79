import type { ReactNode, Ref } from "react";

import type { Permission } from "../session/viewer";
import type { FrameTexts } from "../texts/frame";
import type { FrameLink } from "./frame";
import { partsFor } from "./parts";
import classes from "./settings_parts.module.css";

/** The parts of the settings beside the one that is shown. A part that the member may not see is not offered. No hooks, as in the frame. */
export function SettingsParts({
  texts,
  permissions,
  path,
  link: Link,
  menu,
  children,
}: {
  texts: FrameTexts;
  permissions: readonly Permission[];
  path: string;
  link: FrameLink;
  menu?: Ref<HTMLElement>;
  children: ReactNode;
}) {
  return (
    <div className={classes.settings}>
      <p className={classes.title}>{texts.nav.settings}</p>
      <div className={classes.beside}>
        <nav ref={menu} aria-label={texts.nav.settingsParts} className={classes.parts}>
          {partsFor(permissions).map(({ to, label }) => (
            <Link key={to} to={to} className={classes.part} aria-current={path.includes(to) ? "page" : undefined}>
              {texts.settingsParts[label]}
            </Link>
          ))}
        </nav>
        {children}
      </div>
    </div>
  );
}
