import { Group, Progress, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { Select } from "../../components/choices";
import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { ButtonTo, LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { Screen } from "../../components/screen";
import { useReturn } from "../../relay/live";
import { usePages } from "../../relay/pages";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { broadcastList_broadcast$key } from "../../__generated__/broadcastList_broadcast.graphql";
import type { broadcastListQuery, broadcastListQuery$data, BroadcastStatus } from "../../__generated__/broadcastListQuery.graphql";
import { DataCell } from "../../components/table_frame";
import { useBroadcastLive } from "./broadcast_live";
import { figuresOf } from "./pace";
import { broadcastsRoute, STATUSES } from "./routes";
import { BroadcastStatusBadge } from "./status";

const QUERY = graphql`
  query broadcastListQuery($status: BroadcastStatus, $after: String) {
    broadcasts(first: 100, status: $status, after: $after) {
      totalCount
      nodes {
        id
        ...broadcastList_broadcast
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

type Row = broadcastListQuery$data["broadcasts"]["nodes"][number];

/** All broadcasts, the newest first; those under way move by themselves. */
export function BroadcastList() {
  const t = useTexts();
  const { status } = broadcastsRoute.useSearch();
  const navigate = broadcastsRoute.useNavigate();
  const maySend = useMay("BROADCAST_SEND", "SEGMENT_READ");
  const pages = usePages<broadcastListQuery, Row>(QUERY, { status }, ({ broadcasts }) => ({
    rows: broadcasts.nodes,
    totalCount: broadcasts.totalCount,
    ...broadcasts.pageInfo,
  }));
  useReturn(pages.again);
  const create = maySend && (
    <ButtonTo to="/broadcasts/new" leftSection={<IconPlus size={16} />}>
      {t.broadcasts.new}
    </ButtonTo>
  );
  return (
    <Screen
      title={t.broadcasts.title}
      lead={pages.totalCount === null ? "\u00a0" : t.broadcasts.count(pages.totalCount)}
      actions={create}
    >
      <Group>
        <Select
          aria-label={t.broadcasts.status}
          value={status ?? ""}
          data={[{ value: "", label: t.broadcasts.anyStatus }, ...STATUSES.map((each) => ({ value: each, label: t.broadcasts.statuses[each] }))]}
          onChange={(value) => void navigate({ search: { status: (value || undefined) as BroadcastStatus | undefined }, replace: true })}
          allowDeselect={false}
          w={200}
        />
      </Group>
      <DataTable
        label={t.broadcasts.title}
        columns={[
          { key: "name", label: t.broadcasts.name },
          { key: "status", label: t.broadcasts.status, width: 130 },
          { key: "template", label: t.broadcasts.template },
          { key: "progress", label: t.broadcasts.progress, width: 220 },
          { key: "when", label: t.broadcasts.when, width: 160 },
        ]}
        pages={pages}
        renderCells={cells}
        empty={<Empty title={status ? t.broadcasts.emptyOfStatus : t.broadcasts.empty}>{t.broadcasts.emptyLead}</Empty>}
      />
    </Screen>
  );
}

const cells = (row: Row) => <Cells broadcast={row} />;

function Cells({ broadcast }: { broadcast: broadcastList_broadcast$key }) {
  const row = useFragment(
    graphql`
      fragment broadcastList_broadcast on Broadcast {
        id
        name
        status
        scheduledAt
        startedAt
        createdAt
        template {
          name
        }
        counts {
          pending
          sending
          sent
          delivered
          read
          failed
          skipped
          unconfirmed
        }
      }
    `,
    broadcast,
  );
  useBroadcastLive(row.id, row.status);
  const maySend = useMay("BROADCAST_SEND", "SEGMENT_READ");
  return (
    <>
      <DataCell>
        <LinkTo to={row.status === "DRAFT" && maySend ? "/broadcasts/$broadcastId/edit" : "/broadcasts/$broadcastId"} params={{ broadcastId: row.id }} size="sm" fw={500}>
          {row.name}
        </LinkTo>
      </DataCell>
      <DataCell>
        <BroadcastStatusBadge status={row.status} />
      </DataCell>
      <DataCell>{row.template.name}</DataCell>
      <DataCell>
        <Done counts={row.counts} />
      </DataCell>
      <DataCell>
        <Moment at={row.startedAt ?? row.scheduledAt ?? row.createdAt} />
      </DataCell>
    </>
  );
}

function Done({ counts }: { counts: Parameters<typeof figuresOf>[0] }) {
  const t = useTexts();
  const figures = figuresOf(counts);
  if (figures.total === 0) {
    return (
      <Text span c="dimmed" size="sm">
        –
      </Text>
    );
  }
  const share = (count: number) => (count / figures.total) * 100;
  return (
    <Group gap="xs" wrap="nowrap">
      <Progress.Root w={72} size="sm" aria-hidden>
        <Progress.Section value={share(figures.sent)} color="brand" />
        <Progress.Section value={share(figures.failed + figures.unconfirmed)} color="red" />
        <Progress.Section value={share(figures.skipped)} color="gray" />
      </Progress.Root>
      <Text span size="sm" className="numeric">
        {t.broadcasts.doneOf(figures.done, figures.total)}
      </Text>
    </Group>
  );
}
