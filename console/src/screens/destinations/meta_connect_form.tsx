import { Alert, Button, Group, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { sentence } from "../../components/notify";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { metaConnectFormMutation } from "../../__generated__/metaConnectFormMutation.graphql";

const CONNECT = graphql`
  mutation metaConnectFormMutation($input: MetaConnectInput!) {
    metaConnect(input: $input) {
      metaConnection {
        id
        status
        reason
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

/** Connects an ad account, or gives the connected one another token. */
export function MetaConnectForm({ adAccountId, onDone }: { adAccountId: string; onDone: () => void }) {
  const t = useTexts();
  const words = t.destinations.meta;
  const [account, setAccount] = useState(adAccountId);
  const [token, setToken] = useState("");
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [connect, busy] = useMutationCall<metaConnectFormMutation>(CONNECT);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await connect({ input: { adAccountId: account, accessToken: token } });
    if (!answer) return;
    setErrors(answer.metaConnect.userErrors);
    if (answer.metaConnect.userErrors.length === 0) onDone();
  };
  const others = errors.filter(({ field }) => !field?.includes("adAccountId") && !field?.includes("accessToken"));
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        {others.map(({ message }) => (
          <Alert key={message} color="red" role="alert">
            {sentence(message)}
          </Alert>
        ))}
        <TextInput
          label={words.adAccountId}
          description={words.adAccountIdHint}
          required
          data-autofocus
          value={account}
          onChange={(event) => setAccount(event.currentTarget.value)}
          error={errorOf(errors, "adAccountId")}
        />
        <PasswordInput
          label={words.accessToken}
          description={words.accessTokenHint}
          required
          autoComplete="off"
          visibilityToggleButtonProps={{ "aria-label": t.settings.password.show }}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          error={errorOf(errors, "accessToken")}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            {words.connect}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
