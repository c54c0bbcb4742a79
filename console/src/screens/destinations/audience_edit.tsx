import { Button, Group, Radio, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { wordOf } from "../../format/words";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { audienceEditMutation, AudienceMode } from "../../__generated__/audienceEditMutation.graphql";
import { AUDIENCE_MODES } from "./audience_words";

const UPDATE = graphql`
  mutation audienceEditMutation($id: ID!, $name: String, $mode: AudienceMode) {
    audienceUpdate(id: $id, name: $name, mode: $mode) {
      audience {
        id
        name
        mode
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

/** Another name, here alone, or another mode. */
export function AudienceEdit({
  audience,
  onDone,
}: {
  audience: { readonly id: string; readonly name: string; readonly mode: string };
  onDone: () => void;
}) {
  const t = useTexts();
  const words = t.destinations.meta;
  const [name, setName] = useState(audience.name);
  const [mode, setMode] = useState<AudienceMode>(audience.mode === "ADD_ONLY" ? "ADD_ONLY" : "MIRROR");
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [update, busy] = useMutationCall<audienceEditMutation>(UPDATE);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await update({ id: audience.id, name, mode });
    if (!answer) return;
    setErrors(answer.audienceUpdate.userErrors);
    if (answer.audienceUpdate.userErrors.length === 0) onDone();
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <TextInput
          label={words.nameHere}
          description={words.nameHereHint}
          required
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errorOf(errors, "name") ?? errors.find(({ field }) => !field?.length)?.message}
        />
        <Radio.Group
          label={words.mode}
          value={mode}
          onChange={(value) => setMode(AUDIENCE_MODES.find((each) => each === value) ?? "MIRROR")}
          error={errorOf(errors, "mode")}
        >
          <Stack gap="xs" mt={4}>
            {AUDIENCE_MODES.map((each) => (
              <Radio key={each} value={each} label={wordOf(words.modes, each)} />
            ))}
          </Stack>
        </Radio.Group>
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            {t.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
