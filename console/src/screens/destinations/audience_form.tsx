import { Button, Checkbox, Group, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { OtherErrors } from "../../components/other_errors";
import { SegmentSelect } from "../../components/segment_select";
import { wordOf } from "../../format/words";
import { errorOf, useMutationCall, type UserError } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { AudienceKey, audienceFormMutation, AudienceMode } from "../../__generated__/audienceFormMutation.graphql";
import { AudienceModeField } from "./audience_mode";
import { AUDIENCE_KEYS } from "./audience_words";

const CREATE = graphql`
  mutation audienceFormMutation($input: AudienceCreateInput!) {
    audienceCreate(input: $input) {
      audience {
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

const PLACED = ["name", "segmentId", "keys", "description", "mode"];

/** Keeps a segment as an audience from now on. */
export function AudienceForm({ segment: chosen, onDone }: { segment: string | null; onDone: (audience: string) => void }) {
  const t = useTexts();
  const words = t.destinations.meta;
  const [segment, setSegment] = useState<string | null>(chosen);
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [mode, setMode] = useState<AudienceMode>("MIRROR");
  const [keys, setKeys] = useState<AudienceKey[]>(["EMAIL", "PHONE", "EXTERN_ID"]);
  const [errors, setErrors] = useState<readonly UserError[]>([]);
  const [isMissing, setMissing] = useState(false);
  const [create, busy] = useMutationCall<audienceFormMutation>(CREATE);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setMissing(segment === null);
    if (segment === null) return;
    const answer = await create({ input: { name, segmentId: segment, mode, keys, description: description || null } });
    if (!answer) return;
    setErrors(answer.audienceCreate.userErrors);
    if (answer.audienceCreate.audience) onDone(answer.audienceCreate.audience.id);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <OtherErrors errors={errors} fields={PLACED} />
        <SegmentSelect
          label={words.segment}
          required
          data-autofocus
          value={segment}
          onChange={(next) => {
            setSegment(next?.id ?? null);
            if (next && !name) setName(next.name);
          }}
          error={errorOf(errors, "segmentId") ?? (isMissing && segment === null ? words.segmentNeeded : undefined)}
        />
        <TextInput
          label={words.nameLabel}
          description={words.nameHint}
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errorOf(errors, "name")}
        />
        <TextInput
          label={words.description}
          description={words.descriptionHint}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          error={errorOf(errors, "description")}
        />
        <AudienceModeField value={mode} onChange={setMode} error={errorOf(errors, "mode")} />
        <Checkbox.Group
          label={words.keys}
          description={words.keysHint}
          value={keys}
          onChange={(values) => setKeys(AUDIENCE_KEYS.filter((key) => values.includes(key)))}
          error={errors.find(({ field }) => field?.includes("keys"))?.message}
        >
          <SimpleGrid cols={{ base: 1, xs: 2 }} mt={4} spacing="xs">
            {AUDIENCE_KEYS.map((key) => (
              <Checkbox key={key} value={key} label={wordOf(words.keyNames, key)} />
            ))}
          </SimpleGrid>
        </Checkbox.Group>
        <Group justify="flex-end">
          <Button type="submit" loading={busy} disabled={keys.length === 0}>
            {words.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
