import { Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconFileDownload } from "@tabler/icons-react";
import { graphql } from "relay-runtime";

import { Cut } from "../../components/cut";
import { DataTable } from "../../components/data_table";
import { sentence } from "../../components/notify";
import { StatusBadge } from "../../components/status_badge";
import { formatNumber } from "../../format/numbers";
import { wordOf } from "../../format/words";
import { usePages } from "../../relay/pages";
import { sameOrigin } from "../../relay/same_origin";
import { useTexts } from "../../texts/texts";
import type { rejectedRowsQuery, rejectedRowsQuery$data } from "../../__generated__/rejectedRowsQuery.graphql";
import { DataCell } from "../../components/table_frame";

const QUERY = graphql`
  query rejectedRowsQuery($id: ID!, $after: String) {
    job(id: $id) {
      ... on ImportJob {
        rejectedRows(first: 100, after: $after) {
          nodes {
            line
            outcome
            column
            reason
            cells
          }
          pageInfo {
            endCursor
            hasNextPage
          }
        }
      }
    }
  }
`;

type Node = NonNullable<NonNullable<rejectedRowsQuery$data["job"]>["rejectedRows"]>["nodes"][number];
type Row = Node & { id: string };

/** As high as a row has room for. */
const TWO_LINES = { whiteSpace: "normal", lineHeight: 1.25 } as const;

const COLORS: Readonly<Record<string, string>> = { REJECTED: "red", SKIPPED: "gray", PARTIAL: "yellow" };

/** The rows of an import that did not go in as they are, in a table of any length and as a file. */
export function RejectedRows({ id, url, count }: { id: string; url: string | null | undefined; count: number }) {
  const t = useTexts();
  const pages = usePages<rejectedRowsQuery, Row>(QUERY, { id }, ({ job }) => ({
    rows: (job?.rejectedRows?.nodes ?? []).map((node) => ({ ...node, id: `${node.line} ${node.outcome} ${node.column}` })),
    endCursor: job?.rejectedRows?.pageInfo.endCursor,
    hasNextPage: job?.rejectedRows?.pageInfo.hasNextPage ?? false,
    totalCount: count,
  }));
  if (!url && !pages.isFirst && pages.rows.length === 0) return null;
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start">
          <div>
            <Title order={2} size="h4">
              {t.transfers.rejectedRows}
            </Title>
            <Text size="sm" c="dimmed">
              {t.transfers.rejectedRowsLead}
            </Text>
          </div>
          {url && (
            <Button component="a" href={sameOrigin(url)} download variant="default" leftSection={<IconFileDownload size={16} />}>
              {t.transfers.rejectedFile}
            </Button>
          )}
        </Group>
        <DataTable
          label={t.transfers.rejectedRows}
          columns={[
            { key: "line", label: t.transfers.line, width: 80, numeric: true },
            { key: "outcome", label: t.transfers.outcome, width: 120 },
            { key: "column", label: t.transfers.column, width: 140 },
            { key: "reason", label: t.transfers.reason },
            { key: "cells", label: t.transfers.cells },
          ]}
          pages={pages}
          height={420}
          expected={count}
          renderCells={(row) => <Cells row={row} />}
          empty={null}
        />
      </Stack>
    </Card>
  );
}

function Cells({ row }: { row: Row }) {
  const t = useTexts();
  const cells = row.cells.join(" · ");
  return (
    <>
      <DataCell numeric>{formatNumber(row.line)}</DataCell>
      <DataCell>
        <StatusBadge color={COLORS[row.outcome] ?? "gray"}>{wordOf(t.transfers.outcomes, row.outcome)}</StatusBadge>
      </DataCell>
      <DataCell>{row.column}</DataCell>
      <DataCell>
        <Cut size="xs" lines={2} style={TWO_LINES}>
          {sentence(row.reason)}
        </Cut>
      </DataCell>
      <DataCell>
        <Cut size="xs" lines={2} style={TWO_LINES} c="dimmed">
          {cells}
        </Cut>
      </DataCell>
    </>
  );
}
