import { Button, Center, Loader, MantineProvider, Stack, Text } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import { RouterProvider } from "@tanstack/react-router";

import { messageOf } from "../components/notify";
import { SessionProvider, useSession } from "../session/session";
import { SignIn } from "../session/sign_in";
import { useTexts } from "../texts/texts";
import { theme } from "../theme/theme";
import { router } from "./router";

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
// What keeps the page from scrolling behind a dialog writes a style element, and reads the nonce by this name.
Object.assign(globalThis, { __webpack_nonce__: nonce });

/** The whole console: theme, session, then the screens for who is signed in. */
export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <Notifications position="bottom-right" limit={4} />
      <SessionProvider>
        <ModalsProvider>
          <Entrance />
        </ModalsProvider>
      </SessionProvider>
    </MantineProvider>
  );
}

function Entrance() {
  const t = useTexts();
  const { state, refresh } = useSession();
  if (state.is === "signed-in") return <RouterProvider router={router} />;
  if (state.is === "signed-out") return <SignIn expired={state.expired} />;
  if (state.is === "starting") {
    return (
      <Center mih="100dvh">
        <Loader aria-label={t.common.loading} />
      </Center>
    );
  }
  return (
    <Center component="main" mih="100dvh">
      <Stack align="center">
        <Text role="alert">{messageOf(state.error)}</Text>
        <Button onClick={refresh}>{t.common.tryAgain}</Button>
      </Stack>
    </Center>
  );
}
