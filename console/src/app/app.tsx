import { Button, Center, MantineProvider, Stack, Text } from "@mantine/core";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { messageOf } from "../components/notify";
import { useOverlaysWanted } from "../components/overlays";
import { invitationToken } from "../session/invitation_token";
import { SessionProvider, useSession, type BegunSession } from "../session/session";
import { useTexts } from "../texts/texts";
import { theme } from "../theme/theme";
import { theRouter } from "./router";

const SignIn = lazy(() => import("../session/sign_in").then((module) => ({ default: module.SignIn })));
const Invitation = lazy(() => import("../session/invitation").then((module) => ({ default: module.Invitation })));
const Overlays = lazy(() => import("./overlays").then((module) => ({ default: module.Overlays })));

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
// What keeps the page from scrolling behind a dialog writes a style element, and reads the nonce by this name.
Object.assign(globalThis, { __webpack_nonce__: nonce });

/** The whole console: theme, session, then the screens for who is signed in. */
export function App({ session }: { session: BegunSession }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce} withCssVariables={false}>
      <SessionProvider begun={session}>
        <Entrance />
        <OverlaysWhenWanted />
      </SessionProvider>
    </MantineProvider>
  );
}

function OverlaysWhenWanted() {
  const isWanted = useOverlaysWanted();
  return (
    isWanted && (
      <Suspense fallback={null}>
        <Overlays />
      </Suspense>
    )
  );
}

function Entrance() {
  const t = useTexts();
  const { state, refresh } = useSession();
  const token = invitationToken();
  if (token !== null) {
    return (
      <Suspense fallback={null}>
        <Invitation token={token} />
      </Suspense>
    );
  }
  if (state.is === "signed-in") return <RouterProvider router={theRouter()} />;
  if (state.is === "signed-out") {
    return (
      <Suspense fallback={null}>
        <SignIn expired={state.expired} />
      </Suspense>
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
