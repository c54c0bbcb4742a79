import { Alert } from "@mantine/core";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { useRef } from "react";

import { PendingBeside } from "../../app/pending";
import { ScreenLink } from "../../app/screen_link";
import { DrawnLater } from "../../components/drawn_later";
import { Screen } from "../../components/screen";
import { useScrollSideways } from "../../components/scroll_sideways";
import { partsFor } from "../../frame/parts";
import { SettingsParts } from "../../frame/settings_parts";
import { useViewer } from "../../session/session";
import { useFrameTexts, useTexts } from "../../texts/texts";

/** The settings: their parts beside the one that is shown. */
export function SettingsFrame() {
  const t = useTexts();
  const texts = useFrameTexts();
  const { permissions } = useViewer();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isIndex = path.replace(/\/$/, "").endsWith("/settings");
  const shown = partsFor(permissions).find(({ to }) => path.includes(to));
  const menu = useRef<HTMLElement>(null);
  // On a narrow page the parts are in one line, which is longer than the page.
  useScrollSideways(menu, "[aria-current=page]", shown?.to ?? null);
  return (
    <SettingsParts texts={texts} permissions={permissions} path={path} link={ScreenLink} menu={menu}>
      {shown || isIndex ? (
        <DrawnLater until={<PendingBeside />}>
          <Outlet />
        </DrawnLater>
      ) : (
        <Screen title={texts.nav.settings}>
          <Alert color="gray" role="alert">
            {t.settings.hidden}
          </Alert>
        </Screen>
      )}
    </SettingsParts>
  );
}
