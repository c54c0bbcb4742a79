import { PasswordInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { TagsInput } from "../../components/choices";
import { RefusableForm } from "../../components/refusable_form";
import { useSecretProps } from "../../components/use_secret_props";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { whatsappFormMutation } from "../../__generated__/whatsappFormMutation.graphql";

const CONNECT = graphql`
  mutation whatsappFormMutation($input: WhatsAppChannelConnectInput!) {
    whatsappChannelConnect(input: $input) {
      whatsappChannel {
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

type Channel = { readonly phoneNumberId: string; readonly businessAccountId: string; readonly stopWords: readonly string[] };

/** Connects a number, or changes how it is connected. Secrets are never shown again, so they are typed anew. */
export function WhatsAppForm({ channel, onDone }: { channel: Channel | null; onDone: () => void }) {
  const t = useTexts();
  const words = t.settings.whatsapp;
  const [values, setValues] = useState({
    phoneNumberId: channel?.phoneNumberId ?? "",
    businessAccountId: channel?.businessAccountId ?? "",
    token: "",
    appSecret: "",
    verifyToken: "",
  });
  const [stopWords, setStopWords] = useState<string[]>(channel?.stopWords.slice() ?? []);
  const secretProps = useSecretProps();
  const [connect, busy] = useMutationCall<whatsappFormMutation>(CONNECT);
  const submit = async () => {
    const answer = await connect({ input: { ...values, stopWords } });
    return answer && answer.whatsappChannelConnect.userErrors;
  };
  const propsOf = (errors: readonly UserError[], name: keyof typeof values, description: string) => ({
    label: words[name],
    description,
    required: true,
    autoComplete: "off",
    value: values[name],
    onChange: (event: { currentTarget: { value: string } }) => setValues({ ...values, [name]: event.currentTarget.value }),
    error: errorOf(errors, name),
  });
  return (
    <RefusableForm fields={[...Object.keys(values), "stopWords"]} action={words.connect} busy={busy} onSubmit={submit} onDone={onDone}>
      {(errors) => (
        <>
          <TextInput {...propsOf(errors, "phoneNumberId", words.fromManager)} data-autofocus />
          <TextInput {...propsOf(errors, "businessAccountId", words.fromManager)} />
          <PasswordInput {...secretProps} {...propsOf(errors, "token", words.tokenHint)} />
          <PasswordInput {...secretProps} {...propsOf(errors, "appSecret", words.appSecretHint)} />
          <TextInput {...propsOf(errors, "verifyToken", words.verifyTokenHint)} />
          <TagsInput
            label={words.stopWords}
            description={words.stopWordsHint}
            value={stopWords}
            onChange={setStopWords}
            acceptValueOnBlur
            clearButtonProps={{ "aria-label": t.common.clear }}
            error={errors.find(({ field }) => field?.includes("stopWords"))?.message}
          />
        </>
      )}
    </RefusableForm>
  );
}
