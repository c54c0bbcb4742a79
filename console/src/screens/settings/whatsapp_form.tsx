import { Alert, Button, Group, PasswordInput, Stack, TagsInput, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { sentence } from "../../components/notify";
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
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [connect, busy] = useMutationCall<whatsappFormMutation>(CONNECT);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await connect({ input: { ...values, stopWords } });
    if (!answer) return;
    setErrors(answer.whatsappChannelConnect.userErrors);
    if (answer.whatsappChannelConnect.userErrors.length === 0) onDone();
  };
  const propsOf = (name: keyof typeof values, description: string) => ({
    label: words[name],
    description,
    required: true,
    autoComplete: "off",
    value: values[name],
    onChange: (event: { currentTarget: { value: string } }) => setValues({ ...values, [name]: event.currentTarget.value }),
    error: errorOf(errors, name),
  });
  const secretProps = { visibilityToggleButtonProps: { "aria-label": t.settings.password.show } };
  const others = errors.filter(({ field }) => !Object.keys(values).some((name) => field?.includes(name)) && !field?.includes("stopWords"));
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        {others.map(({ message }) => (
          <Alert key={message} color="red" role="alert">
            {sentence(message)}
          </Alert>
        ))}
        <TextInput {...propsOf("phoneNumberId", words.fromManager)} data-autofocus />
        <TextInput {...propsOf("businessAccountId", words.fromManager)} />
        <PasswordInput {...propsOf("token", words.tokenHint)} {...secretProps} />
        <PasswordInput {...propsOf("appSecret", words.appSecretHint)} {...secretProps} />
        <TextInput {...propsOf("verifyToken", words.verifyTokenHint)} />
        <TagsInput
          label={words.stopWords}
          description={words.stopWordsHint}
          value={stopWords}
          onChange={setStopWords}
          acceptValueOnBlur
          clearButtonProps={{ "aria-label": t.common.clear }}
          error={errors.find(({ field }) => field?.includes("stopWords"))?.message}
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
