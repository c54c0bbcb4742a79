import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useRelayEnvironment } from "react-relay";
import { graphql } from "relay-runtime";

import { useTexts } from "../../texts/texts";
import type { bulkTagsAddMutation } from "../../__generated__/bulkTagsAddMutation.graphql";
import type { bulkTagsRemoveMutation } from "../../__generated__/bulkTagsRemoveMutation.graphql";
import { batches, send, type Target } from "./bulk_run";
import { runLong } from "./long_run";
import { TagsField } from "./tags_field";

const ADD = graphql`
  mutation bulkTagsAddMutation($ids: [ID!]!, $tags: [String!]!) {
    contactTagsAdd(contactIds: $ids, tags: $tags) {
      userErrors {
        message
      }
    }
  }
`;

const REMOVE = graphql`
  mutation bulkTagsRemoveMutation($ids: [ID!]!, $tags: [String!]!) {
    contactTagsRemove(contactIds: $ids, tags: $tags) {
      userErrors {
        message
      }
    }
  }
`;

/** Gives tags to the selected contacts, or takes them away. */
export function BulkTags({ mode, target, onClose, onDone }: { mode: "tag" | "untag"; target: Target; onClose: () => void; onDone: () => void }) {
  const t = useTexts().contacts.bulk;
  const common = useTexts().common;
  const environment = useRelayEnvironment();
  const [tags, setTags] = useState<string[]>([]);
  const [refusal, setRefusal] = useState<string | null>(null);
  const isAdding = mode === "tag";

  const write = async (ids: readonly string[]): Promise<string | null> => {
    const variables = { ids: [...ids], tags };
    const errors = isAdding
      ? (await send<bulkTagsAddMutation>(environment, ADD, variables)).contactTagsAdd.userErrors
      : (await send<bulkTagsRemoveMutation>(environment, REMOVE, variables)).contactTagsRemove.userErrors;
    return errors[0]?.message ?? null;
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    let refused: string | null = null;
    async function* parts() {
      for await (const ids of batches(environment, target)) {
        refused = await write(ids);
        if (refused) return;
        yield ids.length;
      }
    }
    if (target.count > 250) onClose();
    const list = tags.join(", ");
    const count = await runLong({
      title: isAdding ? t.tagging(list) : t.untagging(list),
      total: target.count,
      parts: parts(),
      done: (count) => (refused && count === 0 ? refused : isAdding ? t.tagged(count, list) : t.untagged(count, list)),
    });
    if (refused && count === 0) return setRefusal(refused);
    onClose();
    onDone();
  };

  return (
    <Modal opened onClose={onClose} title={isAdding ? t.tagTitle(target.count) : t.untagTitle(target.count)}>
      <form onSubmit={submit}>
        <Stack>
          {refusal && (
            <Alert color="red" role="alert">
              {refusal}
            </Alert>
          )}
          <TagsField label={t.tags} value={tags} onChange={setTags} data-autofocus />
          <Text size="sm" c="dimmed">
            {isAdding ? t.tagLead : t.untagLead}
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" disabled={tags.length === 0}>
              {isAdding ? t.tag : t.untag}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
