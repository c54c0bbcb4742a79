import { Alert, Button, Card, Center, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { Logo } from "../components/logo";
import { useMutationCall } from "../relay/commit";
import { useTexts } from "../texts/texts";
import type { signInMutation } from "../__generated__/signInMutation.graphql";
import { useSession } from "./session";

const SIGN_IN = graphql`
  mutation signInMutation($email: String!, $password: String!) {
    sessionStart(email: $email, password: $password) {
      userErrors {
        code
        message
        field
      }
    }
  }
`;

/** The page for nobody: an address and a password. `expired` says kindly that a session has ended. */
export function SignIn({ expired }: { expired: boolean }) {
  const t = useTexts();
  const { refresh } = useSession();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [refusal, setRefusal] = useState<string | null>(null);
  const [signIn, busy] = useMutationCall<signInMutation>(SIGN_IN);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await signIn({ email, password });
    if (!answer) return;
    const error = answer.sessionStart.userErrors[0];
    setRefusal(error?.message ?? null);
    if (!error) refresh();
  };

  return (
    <Center component="main" mih="100dvh" p="md" className="backdrop">
      <Card component="form" onSubmit={submit} withBorder shadow="md" radius="lg" p="xl" w="100%" maw={400}>
        <Stack>
          <Stack gap={4} align="center">
            <Logo size={44} />
            <Title order={1} size="h3">
              {t.session.title}
            </Title>
            <Text size="sm" c="dimmed" ta="center">
              {t.session.lead}
            </Text>
          </Stack>
          {expired && <Alert role="status">{t.session.expired}</Alert>}
          {refusal && (
            <Alert color="red" role="alert">
              {refusal}
            </Alert>
          )}
          <TextInput
            label={t.session.email}
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label={t.session.password}
            autoComplete="current-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ "aria-label": t.session.showPassword }}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={busy} fullWidth>
            {t.session.signIn}
          </Button>
        </Stack>
      </Card>
    </Center>
  );
}
