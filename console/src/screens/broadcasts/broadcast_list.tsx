import { Group } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { Select } from "../../components/choices";
import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { Screen } from "../../components/screen";
import { useReturn } from "../../relay/live";
import { usePages } from "../../relay/pages";
import { useMay } from "../../session/session";
import type { broadcastList_broadcast$key } from "../../__generated__/broadcastList_broadcast.graphql";
import type { broadcastListQuery, broadcastListQuery$data, BroadcastStatus } from "../../__generated__/broadcastListQuery.graphql";
import { useKit } from "../../components/use_kit";
import { Cells, columnsOf, Create } from "./broadcast_list_parts";
import { useBroadcastLive } from "./broadcast_live";
import { broadcastsRoute, STATUSES } from "./routes";

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
  const kit = useKit();
  const { t } = kit;
  const { status } = broadcastsRoute.useSearch();
  const navigate = broadcastsRoute.useNavigate();
  const maySend = useMay("BROADCAST_SEND", "SEGMENT_READ");
  const pages = usePages<broadcastListQuery, Row>(QUERY, { status }, ({ broadcasts }) => ({
    rows: broadcasts.nodes,
    totalCount: broadcasts.totalCount,
    ...broadcasts.pageInfo,
  }));
  useReturn(pages.again);
  return (
    <Screen
      title={t.broadcasts.title}
      lead={pages.totalCount === null ? "\u00a0" : t.broadcasts.count(pages.totalCount)}
      actions={maySend && <Create kit={kit} />}
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
        columns={columnsOf(t.broadcasts)}
        pages={pages}
        renderCells={cells}
        empty={<Empty title={status ? t.broadcasts.emptyOfStatus : t.broadcasts.empty}>{t.broadcasts.emptyLead}</Empty>}
      />
    </Screen>
  );
}

const cells = (row: Row) => <LiveCells broadcast={row} />;

function LiveCells({ broadcast }: { broadcast: broadcastList_broadcast$key }) {
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
  return <Cells kit={useKit()} row={row} maySend={useMay("BROADCAST_SEND", "SEGMENT_READ")} />;
}
