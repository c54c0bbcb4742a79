import { Alert, NavLink, Stack, Text, Title } from "@mantine/core";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useRef } from "react";

import { PendingPart } from "../../app/pending";
import { DrawnLater } from "../../components/drawn_later";
import { useScrollSideways } from "../../components/scroll_sideways";
import { useTexts } from "../../texts/texts";
import classes from "./settings_frame.module.css";
import { useTabs } from "./tabs";

/** The settings: their parts beside the one that is shown. A part that the member may not see is not offered. */
export function SettingsFrame() {
  const t = useTexts();
  const tabs = useTabs();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isIndex = path.replace(/\/$/, "").endsWith("/settings");
  const shown = tabs.find(({ to }) => path.includes(to));
  const strip = useRef<HTMLElement>(null);
  // On a narrow page the parts are in one line, which is longer than the page.
  useScrollSideways(strip, "[aria-current=page]", shown?.to ?? null);
  return (
    <Stack gap="md">
      <Text component="p" m={0} size="sm" c="dimmed" fw={600}>
        {t.settings.title}
      </Text>
      <div className={classes.frame}>
        <nav ref={strip} aria-label={t.settings.sections} className={classes.tabs}>
          {tabs.map(({ to, label }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={t.settings.tabs[label]}
              active={shown?.to === to}
              aria-current={shown?.to === to ? "page" : undefined}
              className={classes.tab}
            />
          ))}
        </nav>
        {shown || isIndex ? (
          <DrawnLater until={<PendingPart />}>
            <Outlet />
          </DrawnLater>
        ) : (
          <Stack>
            <Title order={1} size="h2">
              {t.settings.title}
            </Title>
            <Alert color="gray" role="alert">
              {t.settings.hidden}
            </Alert>
          </Stack>
        )}
      </div>
    </Stack>
  );
}
