import { Button, Stack, Text, Title } from "@mantine/core";
import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";

import { messageOf } from "../components/notify";
import { useTexts } from "../texts/texts";

/** Shown for an address that no screen has, and for an id that finds nothing. */
export function NotFound() {
  const t = useTexts();
  return (
    <Stack align="flex-start" p="lg">
      <Title order={1} size="h3">
        {t.errors.notFound}
      </Title>
      <Text>{t.errors.notFoundLead}</Text>
      <Button component={Link} to="/" variant="light">
        {t.nav.home}
      </Button>
    </Stack>
  );
}

/** Shown in place of a screen whose reading was refused or failed. */
export function ScreenError({ error, reset }: ErrorComponentProps) {
  const t = useTexts();
  const router = useRouter();
  return (
    <Stack align="flex-start" p="lg" role="alert">
      <Title order={1} size="h3">
        {t.errors.title}
      </Title>
      <Text>{messageOf(error)}</Text>
      <Button
        variant="light"
        onClick={() => {
          reset();
          void router.invalidate();
        }}
      >
        {t.common.tryAgain}
      </Button>
    </Stack>
  );
}
