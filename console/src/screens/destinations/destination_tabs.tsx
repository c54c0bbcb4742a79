import type { Kit } from "../../components/kit";
import type { Permission } from "../../session/viewer";
import classes from "./destination_tabs.module.css";

const TABS = [
  { name: "webhooks", path: "/destinations/webhooks", needs: "WEBHOOK_MANAGE" },
  { name: "audiences", path: "/destinations/audiences", needs: "SEGMENT_READ" },
] as const;

/** The two kinds of destinations, as links above their lists. No hooks. */
export function DestinationTabs({
  kit: { t, ButtonLink },
  may,
  shown,
}: {
  kit: Kit;
  may: (permission: Permission) => boolean;
  shown: "webhooks" | "audiences";
}) {
  return (
    <nav className={classes.tabs} aria-label={t.destinations.parts}>
      {TABS.filter(({ needs }) => may(needs)).map(({ name, path }) => (
        <ButtonLink key={name} path={path} variant={name === shown ? "light" : "subtle"} aria-current={name === shown ? "page" : undefined}>
          {t.destinations[name]}
        </ButtonLink>
      ))}
    </nav>
  );
}
