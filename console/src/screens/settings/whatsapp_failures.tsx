import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useCallback, useMemo } from "react";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { DataTable } from "../../components/data_table";
import { Moment } from "../../components/moment";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { useSelection } from "../../components/selection";
import { formatNumber } from "../../format/numbers";
import { wordOf } from "../../format/words";
import { useMutationCall } from "../../relay/commit";
import { usePages } from "../../relay/pages";
import { useTexts } from "../../texts/texts";
import type { whatsappFailuresDeleteMutation } from "../../__generated__/whatsappFailuresDeleteMutation.graphql";
import type { whatsappFailuresQuery, whatsappFailuresQuery$data } from "../../__generated__/whatsappFailuresQuery.graphql";
import type { whatsappFailuresRetryMutation } from "../../__generated__/whatsappFailuresRetryMutation.graphql";
import { DataCell } from "../../components/table_frame";

const QUERY = graphql`
  query whatsappFailuresQuery($after: String) {
    inboundWebhookFailures(first: 100, after: $after) {
      totalCount
      nodes {
        id
        item
        reason
        attempts
        receivedAt
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

const RETRY = graphql`
  mutation whatsappFailuresRetryMutation($ids: [ID!]) {
    inboundWebhookFailuresRetry(ids: $ids) {
      retried
      userErrors {
        message
      }
    }
  }
`;

const DELETE = graphql`
  mutation whatsappFailuresDeleteMutation($ids: [ID!]!) {
    inboundWebhookFailuresDelete(ids: $ids) {
      deletedIds
      userErrors {
        message
      }
    }
  }
`;

type Row = whatsappFailuresQuery$data["inboundWebhookFailures"]["nodes"][number];

/** What came in from WhatsApp and could not be processed: it is tried again, or deleted for good. */
export function WhatsAppFailures() {
  const t = useTexts();
  const pages = usePages<whatsappFailuresQuery, Row>(QUERY, {}, ({ inboundWebhookFailures }) => ({
    rows: inboundWebhookFailures.nodes,
    totalCount: inboundWebhookFailures.totalCount,
    ...inboundWebhookFailures.pageInfo,
  }));
  const ids = useMemo(() => pages.rows.map(({ id }) => id), [pages.rows]);
  const labelOf = useCallback(
    (id: string) => t.common.selectRow(pages.rows.find((row) => row.id === id)?.reason ?? ""),
    [pages.rows, t],
  );
  const selection = useSelection(ids, labelOf);
  const [retry, retrying] = useMutationCall<whatsappFailuresRetryMutation>(RETRY);
  const [remove, removing] = useMutationCall<whatsappFailuresDeleteMutation>(DELETE);
  const again = () => {
    selection.clear();
    pages.again();
  };
  const tryAgain = async (chosen: string[] | null) => {
    const answer = await retry({ ids: chosen });
    if (!answer || notifyRefusal(answer.inboundWebhookFailuresRetry.userErrors)) return;
    notifyDone(t.settings.whatsapp.retried(answer.inboundWebhookFailuresRetry.retried));
    again();
  };
  const drop = async () => {
    const isSure = await confirm({
      title: t.settings.whatsapp.dropTitle,
      children: t.settings.whatsapp.dropLead(selection.ids.length),
      action: t.settings.whatsapp.drop,
    });
    if (!isSure) return;
    const answer = await remove({ ids: selection.ids });
    if (!answer || notifyRefusal(answer.inboundWebhookFailuresDelete.userErrors)) return;
    notifyDone(t.settings.whatsapp.dropped(answer.inboundWebhookFailuresDelete.deletedIds.length));
    again();
  };
  return (
    <Stack gap="xs">
      <Group justify="space-between" align="flex-end">
        <div>
          <Title order={2} size="h4">
            {t.settings.whatsapp.failures}
          </Title>
          <Text size="sm" c="dimmed">
            {t.settings.whatsapp.failuresLead}
          </Text>
        </div>
        {selection.ids.length > 0 ? (
          <Group gap="xs">
            <Text size="sm">{t.settings.whatsapp.selected(selection.ids.length)}</Text>
            <Button variant="default" loading={retrying} onClick={() => void tryAgain(selection.ids)}>
              {t.settings.whatsapp.retry}
            </Button>
            <Button variant="default" color="red" loading={removing} onClick={() => void drop()}>
              {t.settings.whatsapp.drop}
            </Button>
          </Group>
        ) : (
          (pages.totalCount ?? 0) > 0 && (
            <Button variant="default" loading={retrying} onClick={() => void tryAgain(null)}>
              {t.settings.whatsapp.retryAll(pages.totalCount ?? 0)}
            </Button>
          )
        )}
      </Group>
      <DataTable
        label={t.settings.whatsapp.failures}
        columns={[
          { key: "item", label: t.settings.whatsapp.item, width: 160 },
          { key: "reason", label: t.settings.whatsapp.reason },
          { key: "attempts", label: t.settings.whatsapp.attempts, width: 90, numeric: true },
          { key: "received", label: t.settings.whatsapp.received, width: 150 },
        ]}
        pages={pages}
        selection={selection}
        height={360}
        renderCells={(row) => (
          <>
            <DataCell>{wordOf(t.settings.whatsapp.items, row.item)}</DataCell>
            <DataCell>{row.reason}</DataCell>
            <DataCell numeric>{formatNumber(row.attempts)}</DataCell>
            <DataCell>
              <Moment at={row.receivedAt} />
            </DataCell>
          </>
        )}
        empty={
          <Text size="sm" c="dimmed">
            {t.settings.whatsapp.failuresNone}
          </Text>
        }
      />
    </Stack>
  );
}
