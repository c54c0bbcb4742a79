import { Alert, Anchor, Button, Card, Center, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { Logo } from "../components/logo";
import { OtherErrors } from "../components/other_errors";
import { errorOf, useMutationCall, type UserError } from "../relay/commit";
import { useTexts } from "../texts/texts";
import type { invitationSetMutation } from "../__generated__/invitationSetMutation.graphql";
import type { invitationStartMutation } from "../__generated__/invitationStartMutation.graphql";

const SET = graphql`
  mutation invitationSetMutation($token: String!, $new: String!) {
    passwordSet(token: $token, new: $new) {
      member {
        email
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

const START = graphql`
  mutation invitationStartMutation($email: String!, $password: String!) {
    sessionStart(email: $email, password: $password) {
      userErrors {
        message
      }
    }
  }
`;

/** The page behind an invited member's link: a password is set, and the member is signed in. */
export function Invitation({ token }: { token: string }) {
  const t = useTexts();
  const words = t.settings.invitation;
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [isDifferent, setDifferent] = useState(false);
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [set, setting] = useMutationCall<invitationSetMutation>(SET);
  const [start, starting] = useMutationCall<invitationStartMutation>(START);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setDifferent(password !== again);
    if (password !== again) return;
    const answer = await set({ token, new: password });
    if (!answer) return;
    const { member, userErrors } = answer.passwordSet;
    setErrors(userErrors);
    if (!member) return;
    await start({ email: member.email, password });
    location.replace(document.baseURI);
  };
  const isGone = errors.some(({ field }) => field?.includes("token"));
  return (
    <Center component="main" mih="100dvh" p="md" className="backdrop">
      <Card component="form" onSubmit={(event: FormEvent) => void submit(event)} withBorder shadow="md" radius="lg" p="xl" w="100%" maw={400}>
        <Stack>
          <Stack gap={4} align="center">
            <Logo size={44} />
            <Title order={1} size="h3">
              {words.title}
            </Title>
            <Text size="sm" c="dimmed" ta="center">
              {words.lead}
            </Text>
          </Stack>
          {isGone && (
            <Alert color="red" role="alert" title={words.goneTitle}>
              {words.gone} <Anchor href={document.baseURI}>{words.toSignIn}</Anchor>
            </Alert>
          )}
          <OtherErrors errors={errors} fields={["token", "new"]} />
          <PasswordInput
            label={t.settings.password.new}
            description={t.settings.password.rule}
            autoComplete="new-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ "aria-label": t.settings.password.show }}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={errorOf(errors, "new")}
          />
          <PasswordInput
            label={t.settings.password.again}
            autoComplete="new-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ "aria-label": t.settings.password.show }}
            value={again}
            onChange={(event) => setAgain(event.currentTarget.value)}
            error={isDifferent ? t.settings.password.differ : undefined}
          />
          <Button type="submit" loading={setting || starting} fullWidth>
            {words.set}
          </Button>
        </Stack>
      </Card>
    </Center>
  );
}
