import { AppShell, Burger, Group, Menu, NavLink, ScrollArea, Text, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconAddressBook,
  IconArrowsTransferDown,
  IconChartDonut,
  IconFlame,
  IconHome,
  IconLogout,
  IconMoon,
  IconRoute,
  IconSend,
  IconSettings,
  IconSun,
  IconUser,
  IconWebhook,
  IconWorld,
} from "@tabler/icons-react";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { Suspense, useEffect, type ComponentType } from "react";
import { graphql } from "relay-runtime";

import { Logo } from "../components/logo";
import { useMutationCall } from "../relay/commit";
import { useConnection } from "../relay/connection";
import { useSession, useViewer, type Permission } from "../session/session";
import { chooseLanguage, language, LANGUAGES, useTexts, type Language } from "../texts/texts";
import type { Catalogue } from "../texts/en";
import type { shellSignOutMutation } from "../__generated__/shellSignOutMutation.graphql";
import { Pending } from "./pending";
import classes from "./shell.module.css";

type Area = {
  to: string;
  label: keyof Catalogue["nav"];
  icon: ComponentType<{ size?: number; stroke?: number }>;
  needs?: Permission;
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
  { to: "/destinations", label: "destinations", icon: IconWebhook, needs: "WEBHOOK_MANAGE" },
  { to: "/settings", label: "settings", icon: IconSettings },
];

/** The frame around all screens: menu, workspace, who is signed in, and whether the server answers. */
export function Shell() {
  const t = useTexts();
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { permissions, workspace } = useViewer();
  useEffect(close, [path, close]);
  const areas = AREAS.filter(({ needs }) => !needs || permissions.includes(needs));
  const area = areas.findLast(({ to }) => (to === "/" ? path === "/" : path.startsWith(to)));
  useEffect(() => {
    document.title = area ? `${t.nav[area.label]} · ${workspace.name}` : workspace.name;
  }, [area, t, workspace.name]);

  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "sm", md: "lg" }}
    >
      <a href="#main" className="skip-link">
        {t.nav.skip}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t.nav.menu} />
            <Logo />
            <Text fw={650} truncate>
              {workspace.name}
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <ConnectionState />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t.nav.areas}>
        <ScrollArea>
          {areas.map(({ to, label, icon: Icon }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={t.nav[label]}
              leftSection={<Icon size={18} stroke={1.75} />}
              active={area?.to === to}
              aria-current={area?.to === to ? "page" : undefined}
              className={classes.link}
            />
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Suspense fallback={<Pending />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

/** Says so while the server does not answer. */
function ConnectionState() {
  const t = useTexts();
  const connection = useConnection();
  return (
    <Text size="sm" role="status" className={classes.connection} data-state={connection}>
      {connection === "lost" ? t.nav.reconnecting : ""}
    </Text>
  );
}

const SIGN_OUT = graphql`
  mutation shellSignOutMutation {
    sessionEnd {
      userErrors {
        message
      }
    }
  }
`;

function AccountMenu() {
  const t = useTexts();
  const { member } = useViewer();
  const { end } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [signOut] = useMutationCall<shellSignOutMutation>(SIGN_OUT);
  return (
    <Menu position="bottom-end" width={220} withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.account} aria-label={t.nav.account}>
          <IconUser size={18} aria-hidden />
          <Text size="sm" visibleFrom="sm">
            {member?.name}
          </Text>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{member?.email}</Menu.Label>
        <Menu.Item
          leftSection={colorScheme === "dark" ? <IconSun size={16} /> : <IconMoon size={16} />}
          onClick={() => setColorScheme(colorScheme === "dark" ? "light" : "dark")}
        >
          {colorScheme === "dark" ? t.nav.light : t.nav.dark}
        </Menu.Item>
        <Menu.Label>{t.nav.language}</Menu.Label>
        {(Object.keys(LANGUAGES) as Language[]).map((each) => (
          <Menu.Item
            key={each}
            lang={each}
            leftSection={<IconWorld size={16} />}
            aria-current={each === language() || undefined}
            onClick={() => chooseLanguage(each)}
          >
            {LANGUAGES[each]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={16} />}
          onClick={async () => {
            if (await signOut({})) end(false);
          }}
        >
          {t.nav.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
