import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState, type FormEvent } from "react";
import { graphql } from "relay-runtime";

import { useMutationCall } from "../../relay/commit";
import { useRead } from "../../relay/read";
import { useTexts } from "../../texts/texts";
import type { tagRenameCountsQuery } from "../../__generated__/tagRenameCountsQuery.graphql";
import type { tagRenameMutation } from "../../__generated__/tagRenameMutation.graphql";
import { quoted } from "./contact_count";

const COUNTS = graphql`
  query tagRenameCountsQuery($from: String!, $both: String!, $to: String, $merges: Boolean!) {
    from: contacts(first: 1, ruleQuery: $from) {
      totalCount
    }
    both: contacts(first: 1, ruleQuery: $both) @include(if: $merges) {
      totalCount
    }
    tags(search: $to, first: 250) @include(if: $merges)
  }
`;

const RENAME = graphql`
  mutation tagRenameMutation($tag: String!, $to: String!) {
    tagRename(tag: $tag, to: $to) {
      job {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

/** Renames a tag; says how many contacts have it, and when the new name merges two tags. */
export function TagRename({ tag, onDone }: { tag: string; onDone: (job: string | null) => void }) {
  const t = useTexts();
  const [to, setTo] = useState(tag);
  const [error, setError] = useState<string | null>(null);
  const [asked] = useDebouncedValue(to.trim(), 250);
  const isOther = asked !== "" && asked !== tag;
  const { data } = useRead<tagRenameCountsQuery>(COUNTS, {
    from: `tagged ${quoted(tag)}`,
    both: `tagged any (${quoted(tag)}, ${quoted(asked || tag)})`,
    to: asked,
    merges: isOther,
  });
  const merges = isOther && data?.tags?.includes(asked);
  const [rename, busy] = useMutationCall<tagRenameMutation>(RENAME);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const answer = await rename({ tag, to: to.trim() });
    if (!answer) return;
    const refusal = answer.tagRename.userErrors[0];
    setError(refusal?.message ?? null);
    if (!refusal) onDone(answer.tagRename.job?.id ?? null);
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <TextInput
          label={t.settings.tags.renameNew}
          required
          data-autofocus
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
          error={error}
        />
        <div role="status">
          {merges ? (
            <Alert color="yellow">{t.settings.tags.renameMerge(data?.both?.totalCount ?? 0, asked)}</Alert>
          ) : (
            <Text size="sm" c="dimmed">
              {data ? t.settings.tags.renameLead(data.from.totalCount) : t.settings.tags.counting}
            </Text>
          )}
        </div>
        <Group justify="flex-end">
          <Button type="submit" loading={busy} disabled={!to.trim() || to.trim() === tag} color={merges ? "red" : undefined}>
            {t.settings.tags.renameAction}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
