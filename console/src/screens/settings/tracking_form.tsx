import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { TagsInput } from "../../components/choices";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { trackingFormMutation } from "../../__generated__/trackingFormMutation.graphql";

const CREATE = graphql`
  mutation trackingFormMutation($input: TrackingKeyCreateInput!) {
    trackingKeyCreate(input: $input) {
      trackingKey {
        id
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

export function TrackingForm({ onDone }: { onDone: () => void }) {
  const t = useTexts();
  const [name, setName] = useState("");
  const [origins, setOrigins] = useState<string[]>([]);
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [create, busy] = useMutationCall<trackingFormMutation>(CREATE);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await create({ input: { name, origins } });
    if (!answer) return;
    setErrors(answer.trackingKeyCreate.userErrors);
    if (answer.trackingKeyCreate.trackingKey) onDone();
  };
  const wrongOrigin = errors.find(({ field }) => field?.includes("origins"))?.message;
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <TextInput
          label={t.settings.tracking.name}
          required
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errorOf(errors, "name")}
        />
        <TagsInput
          label={t.settings.tracking.origins}
          description={t.settings.tracking.originsHint}
          value={origins}
          onChange={setOrigins}
          acceptValueOnBlur
          clearButtonProps={{ "aria-label": t.common.clear }}
          error={wrongOrigin}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            {t.settings.tracking.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
