import { PasswordInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { RefusableForm } from "../../components/refusable_form";
import { useSecretProps } from "../../components/use_secret_props";
import { errorOf, useMutationCall } from "../../relay/commit";
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
  const words = useTexts().destinations.meta;
  const [account, setAccount] = useState(adAccountId);
  const [token, setToken] = useState("");
  const secretProps = useSecretProps();
  const [connect, busy] = useMutationCall<metaConnectFormMutation>(CONNECT);
  const submit = async () => {
    const answer = await connect({ input: { adAccountId: account, accessToken: token } });
    return answer && answer.metaConnect.userErrors;
  };
  return (
    <RefusableForm fields={["adAccountId", "accessToken"]} action={words.connect} busy={busy} onSubmit={submit} onDone={onDone}>
      {(errors) => (
        <>
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
            {...secretProps}
            label={words.accessToken}
            description={words.accessTokenHint}
            required
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            error={errorOf(errors, "accessToken")}
          />
        </>
      )}
    </RefusableForm>
  );
}
