import { Menu, useMantineColorScheme } from "@mantine/core";
import { IconLogout, IconMoon, IconSun, IconWorld } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { graphql } from "relay-runtime";

import { useMutationCall } from "../relay/commit";
import { useSession, useViewer } from "../session/session";
import { chooseLanguage, language, LANGUAGES, useTexts, type Language } from "../texts/texts";
import type { accountMenuSignOutMutation } from "../__generated__/accountMenuSignOutMutation.graphql";

const SIGN_OUT = graphql`
  mutation accountMenuSignOutMutation {
    sessionEnd {
      userErrors {
        message
      }
    }
  }
`;

/** What a member may choose for this browser, and the way out. It is open when it comes, as it is fetched by the click that asks for it. */
export function AccountMenu({ children }: { children: ReactNode }) {
  const t = useTexts();
  const { member } = useViewer();
  const { end } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [signOut] = useMutationCall<accountMenuSignOutMutation>(SIGN_OUT);
  return (
    <Menu position="bottom-end" width={220} withinPortal defaultOpened>
      <Menu.Target>{children}</Menu.Target>
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
