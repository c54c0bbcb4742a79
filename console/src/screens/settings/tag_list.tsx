import { ActionIcon, Group, Modal, Stack, Table, Text } from "@mantine/core";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { PendingPart } from "../../app/pending";
import { confirm } from "../../components/confirm";
import { Empty } from "../../components/empty";
import { LinkTo } from "../../components/link";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { PlainTable } from "../../components/plain_table";
import { Screen } from "../../components/screen";
import { SearchInput } from "../../components/search_input";
import { useMutationCall } from "../../relay/commit";
import { useRead } from "../../relay/read";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { tagListDeleteMutation } from "../../__generated__/tagListDeleteMutation.graphql";
import type { tagListQuery } from "../../__generated__/tagListQuery.graphql";
import { quoted, useContactCount } from "./contact_count";
import { tagsRoute } from "./routes";
import { TagRename } from "./tag_rename";

const QUERY = graphql`
  query tagListQuery($search: String) {
    tags(search: $search, first: 250)
  }
`;

const DELETE = graphql`
  mutation tagListDeleteMutation($tag: String!) {
    tagDelete(tag: $tag) {
      job {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

const MOST = 250;

/** All tags; one is renamed or deleted for all contacts at once, after its numbers were shown. */
export function TagList() {
  const t = useTexts();
  const { search } = tagsRoute.useSearch();
  const navigate = tagsRoute.useNavigate();
  const mayWrite = useMay("CONTACT_WRITE");
  const mayRename = useMay("CONTACT_WRITE", "SEGMENT_WRITE");
  const mayFollow = useMay("JOB_READ");
  const [renamed, setRenamed] = useState<string | null>(null);
  const [job, setJob] = useState<string | null>(null);
  const { data, again } = useRead<tagListQuery>(QUERY, { search });
  const tags = data?.tags ?? [];
  const done = (id: string | null) => {
    setJob(id);
    notifyDone(t.settings.tags.started);
    again();
  };
  return (
    <Screen title={t.settings.tabs.tags} lead={t.settings.tags.lead}>
      <Group>
        <SearchInput
          w={320}
          label={t.settings.tags.search}
          value={search}
          onSearch={(text) => void navigate({ search: { search: text }, replace: true })}
        />
        {job && mayFollow && (
          <Text size="sm" role="status">
            {t.settings.tags.started}{" "}
            <LinkTo to="/transfers/$job" params={{ job }} size="sm">
              {t.settings.tags.follow}
            </LinkTo>
          </Text>
        )}
      </Group>
      {!data ? (
        <PendingPart />
      ) : tags.length === 0 ? (
        <Empty title={t.settings.tags.empty}>{t.settings.tags.emptyLead}</Empty>
      ) : (
        <Stack gap="xs" maw={720}>
          <PlainTable label={t.settings.tabs.tags} minWidth={320} columns={[t.settings.tags.tag, ...(mayWrite ? [t.common.actions] : [])]}>
            {tags.map((tag) => (
              <Table.Tr key={tag} data-tag={tag}>
                <Table.Td fw={500}>{tag}</Table.Td>
                {mayWrite && (
                  <Table.Td w={140}>
                    <Group gap={4} wrap="nowrap">
                      {mayRename && (
                        <ActionIcon variant="subtle" aria-label={t.settings.tags.renameOf(tag)} onClick={() => setRenamed(tag)}>
                          <IconPencil size={16} />
                        </ActionIcon>
                      )}
                      <DeleteButton tag={tag} onDone={done} />
                    </Group>
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </PlainTable>
          {tags.length === MOST && (
            <Text size="sm" c="dimmed">
              {t.settings.tags.shown(MOST)}
            </Text>
          )}
        </Stack>
      )}
      <Modal
        opened={renamed !== null}
        onClose={() => setRenamed(null)}
        title={renamed && t.settings.tags.renameTitle(renamed)}
        closeButtonProps={{ "aria-label": t.common.close }}
      >
        {renamed && (
          <TagRename
            tag={renamed}
            onDone={(id) => {
              setRenamed(null);
              done(id);
            }}
          />
        )}
      </Modal>
    </Screen>
  );
}

function DeleteButton({ tag, onDone }: { tag: string; onDone: (job: string | null) => void }) {
  const t = useTexts();
  const countOf = useContactCount();
  const [remove, busy] = useMutationCall<tagListDeleteMutation>(DELETE);
  const ask = async () => {
    const isSure = await confirm({
      title: t.settings.tags.removeTitle(tag),
      children: t.settings.tags.removeLead((await countOf(`tagged ${quoted(tag)}`)) ?? 0),
      action: t.settings.tags.removeAction,
    });
    if (!isSure) return;
    const answer = await remove({ tag });
    if (!answer || notifyRefusal(answer.tagDelete.userErrors)) return;
    onDone(answer.tagDelete.job?.id ?? null);
  };
  return (
    <ActionIcon variant="subtle" color="red" loading={busy} aria-label={t.settings.tags.remove(tag)} onClick={() => void ask()}>
      <IconTrash size={16} />
    </ActionIcon>
  );
}
