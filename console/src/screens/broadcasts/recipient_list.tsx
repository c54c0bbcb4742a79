import { ActionIcon, Button, Card, Group, Text, Title } from "@mantine/core";
import { IconRefresh, IconX } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { graphql } from "relay-runtime";

import { Select } from "../../components/choices";
import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { StatusBadge } from "../../components/status_badge";
import { usePages } from "../../relay/pages";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { BroadcastStatus } from "../../__generated__/broadcastListQuery.graphql";
import type { recipientListQuery, recipientListQuery$data, RecipientStatus } from "../../__generated__/recipientListQuery.graphql";
import { DataCell } from "../../components/table_frame";
import { useRecipientReason } from "./reasons";
import { STATES, type BroadcastSearch } from "./routes";

const QUERY = graphql`
  query recipientListQuery($id: ID!, $state: RecipientStatus, $reason: String, $mayRead: Boolean!, $after: String) {
    broadcast(id: $id) {
      recipients(first: 100, status: $state, reason: $reason, after: $after) {
        nodes {
          id
          phone
          status
          reason
          errorCode
          sentAt
          deliveredAt
          readAt
          contact @include(if: $mayRead) {
            id
            name
          }
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  }
`;

const COLORS: Record<RecipientStatus, string> = {
  PENDING: "gray",
  SENDING: "blue",
  SENT: "brand",
  DELIVERED: "cyan",
  READ: "teal",
  FAILED: "red",
  SKIPPED: "yellow",
  UNCONFIRMED: "orange",
};

type Row = NonNullable<recipientListQuery$data["broadcast"]>["recipients"]["nodes"][number];

/** Everybody who gets it, by state, with the last news of each message. It is read again when the broadcast changes its state. */
export function RecipientList({
  id,
  status,
  search: { state, reason },
  onSearch,
}: {
  id: string;
  status: BroadcastStatus;
  search: BroadcastSearch;
  onSearch: (search: BroadcastSearch) => void;
}) {
  const t = useTexts().broadcasts;
  const mayRead = useMay("CONTACT_READ");
  const reasonWords = useRecipientReason();
  const seen = useRef(status);
  const pages = usePages<recipientListQuery, Row>(QUERY, { id, state, reason, mayRead }, ({ broadcast }) => ({
    rows: broadcast?.recipients.nodes ?? [],
    endCursor: broadcast?.recipients.pageInfo.endCursor,
    hasNextPage: broadcast?.recipients.pageInfo.hasNextPage ?? false,
  }));
  const { again } = pages;
  useEffect(() => {
    if (seen.current === status) return;
    seen.current = status;
    again();
  }, [status, again]);
  const codeOfReason = pages.rows.find((row) => row.reason === reason)?.errorCode;
  return (
    <Card withBorder id="recipients" tabIndex={-1} component="section" aria-label={t.recipientsTitle}>
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4">
          {t.recipientsTitle}
        </Title>
        <Group gap="xs">
          {reason && (
            <Button
              variant="light"
              size="compact-sm"
              rightSection={<IconX size={14} />}
              onClick={() => onSearch({ state })}
              title={t.clearReason}
              maw={420}
            >
              {t.onlyReason(reasonWords(reason, codeOfReason))}
            </Button>
          )}
          <Select
            aria-label={t.state}
            allowDeselect={false}
            w={190}
            value={state ?? ""}
            onChange={(value) => onSearch({ state: (value || undefined) as RecipientStatus | undefined })}
            data={[{ value: "", label: t.anyState }, ...STATES.map((each) => ({ value: each, label: t.states[each] }))]}
          />
          <ActionIcon variant="default" size="lg" onClick={again} aria-label={t.readAgain} title={t.readAgain}>
            <IconRefresh size={16} />
          </ActionIcon>
        </Group>
      </Group>
      <DataTable
        label={t.recipientsTitle}
        columns={[
          { key: "contact", label: t.contact },
          { key: "phone", label: t.phone, width: 160 },
          { key: "state", label: t.state, width: 170 },
          { key: "news", label: t.lastNews, width: 150 },
          { key: "reason", label: t.reason },
        ]}
        pages={pages}
        renderCells={(row) => (
          <>
            <DataCell>
              {row.contact ? (
                <LinkTo to="/contacts/$contactId" params={{ contactId: row.contact.id }} size="sm">
                  {row.contact.name ?? row.phone}
                </LinkTo>
              ) : (
                <Text span c="dimmed" size="sm">
                  {mayRead ? t.deletedContact : "–"}
                </Text>
              )}
            </DataCell>
            <DataCell>{row.phone}</DataCell>
            <DataCell>
              <StatusBadge color={COLORS[row.status]}>{t.states[row.status]}</StatusBadge>
            </DataCell>
            <DataCell>
              <Moment at={row.readAt ?? row.deliveredAt ?? row.sentAt} />
            </DataCell>
            <DataCell>
              <span title={row.reason ?? undefined}>{row.reason || row.errorCode != null ? reasonWords(row.reason, row.errorCode) : "–"}</span>
            </DataCell>
          </>
        )}
        empty={<Empty title={t.noRecipients} />}
        height={520}
      />
    </Card>
  );
}
