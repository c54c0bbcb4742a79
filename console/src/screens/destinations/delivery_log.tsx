import { Group, Modal, UnstyledButton } from "@mantine/core";
import { useEffect, useEffectEvent, useRef } from "react";
import { graphql } from "relay-runtime";

import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { Moment } from "../../components/moment";
import { PartHead } from "../../components/part_head";
import { Segments } from "../../components/segments";
import { StatusBadge } from "../../components/status_badge";
import { formatNumber } from "../../format/numbers";
import { useReturn } from "../../relay/live";
import { usePages } from "../../relay/pages";
import { useTexts } from "../../texts/texts";
import type { deliveryLogQuery, deliveryLogQuery$data } from "../../__generated__/deliveryLogQuery.graphql";
import { DataCell } from "../../components/table_frame";
import { DeliveryDetail, OutcomeBadge } from "./delivery_detail";
import { eventLabel } from "./endpoint_words";
import { endpointRoute, LOGS } from "./routes";

const QUERY = graphql`
  query deliveryLogQuery($id: ID!, $succeeded: Boolean, $after: String) {
    webhookEndpoint(id: $id) {
      deliveries(first: 50, after: $after, succeeded: $succeeded) {
        nodes {
          id
          eventType
          events
          succeeded
          replay
          createdAt
          attempts {
            at
            status
            error
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

type Row = NonNullable<deliveryLogQuery$data["webhookEndpoint"]>["deliveries"]["nodes"][number];

/** The requests of an endpoint, the newest first. When `moved` changes, something was sent: they are read again. */
export function DeliveryLog({ endpoint, moved }: { endpoint: string; moved: string }) {
  const t = useTexts();
  const words = t.destinations.log;
  const search = endpointRoute.useSearch();
  const navigate = endpointRoute.useNavigate();
  const pages = usePages<deliveryLogQuery, Row>(
    QUERY,
    { id: endpoint, succeeded: search.log && search.log === "succeeded" },
    ({ webhookEndpoint }) => ({
      rows: webhookEndpoint?.deliveries.nodes ?? [],
      endCursor: webhookEndpoint?.deliveries.pageInfo.endCursor,
      hasNextPage: webhookEndpoint?.deliveries.pageInfo.hasNextPage ?? false,
    }),
  );
  const seen = useRef(moved);
  const again = useEffectEvent(pages.again);
  useEffect(() => {
    if (seen.current === moved) return;
    seen.current = moved;
    again();
  }, [moved]);
  useReturn(pages.again);
  return (
    <>
      <Group justify="space-between" align="flex-end">
        <PartHead size="h4" title={words.title} lead={words.lead} />
        <Segments
          label={words.outcome}
          choices={[
            { value: "all", label: words.all },
            { value: "succeeded", label: words.succeeded },
            { value: "failed", label: words.failed },
          ]}
          value={search.log ?? "all"}
          onChange={(value) => void navigate({ search: { ...search, log: LOGS.find((each) => each === value) } })}
        />
      </Group>
      <DataTable
        label={words.title}
        columns={[
          { key: "when", label: words.when, width: 150 },
          { key: "what", label: words.what },
          { key: "events", label: words.events, width: 90, numeric: true },
          { key: "outcome", label: words.outcome, width: 140 },
          { key: "tries", label: words.tries, width: 80, numeric: true },
          { key: "answer", label: words.answer },
        ]}
        pages={pages}
        height={480}
        renderCells={(row) => <Cells row={row} onOpen={() => void navigate({ search: { ...search, delivery: row.id } })} />}
        empty={<Empty title={search.log ? words.emptyFiltered : words.empty} />}
      />
      <Modal
        opened={search.delivery !== undefined}
        onClose={() => void navigate({ search: { ...search, delivery: undefined } })}
        size="xl"
        title={words.detail}
        closeButtonProps={{ "aria-label": t.common.close }}
      >
        {search.delivery && <DeliveryDetail id={search.delivery} onResent={pages.again} />}
      </Modal>
    </>
  );
}

function Cells({ row, onOpen }: { row: Row; onOpen: () => void }) {
  const t = useTexts();
  const words = t.destinations.log;
  const last = row.attempts.at(-1);
  const label = eventLabel(t.destinations, row.eventType);
  return (
    <>
      <DataCell>
        <Moment at={row.createdAt} />
      </DataCell>
      <DataCell>
        <Group gap="xs" wrap="nowrap">
          <UnstyledButton fz="sm" fw={500} c="var(--mantine-color-anchor)" onClick={onOpen} aria-label={words.show(label)}>
            {label}
          </UnstyledButton>
          {row.replay && <StatusBadge color="gray">{words.replayBadge}</StatusBadge>}
        </Group>
      </DataCell>
      <DataCell numeric>{formatNumber(row.events)}</DataCell>
      <DataCell>
        <OutcomeBadge succeeded={row.succeeded ?? null} />
      </DataCell>
      <DataCell numeric>{formatNumber(row.attempts.length)}</DataCell>
      <DataCell>{last && (last.status == null ? (last.error ?? words.noAnswer) : words.answered(last.status))}</DataCell>
    </>
  );
}
