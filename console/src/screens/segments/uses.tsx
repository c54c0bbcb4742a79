import { Text } from "@mantine/core";
import { graphql } from "react-relay";

import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { StatusBadge } from "../../components/status_badge";
import { usePages } from "../../relay/pages";
import { useTexts } from "../../texts/texts";
import type { usesQuery, usesQuery$data } from "../../__generated__/usesQuery.graphql";
import { DataCell } from "../../components/table_frame";

const QUERY = graphql`
  query usesQuery($id: ID!, $after: String) {
    segment(id: $id) {
      uses(first: 100, after: $after) {
        nodes {
          id
          kind
          label
          active
          firstUsedAt
          lastUsedAt
          usedBy {
            id
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

type Use = NonNullable<usesQuery$data["segment"]>["uses"]["nodes"][number];

/** The screen of what uses a segment; null where it has none of its own. */
function addressOf({ kind, usedBy }: Use): string | null {
  if (!usedBy) return null;
  switch (kind) {
    case "BROADCAST":
      return `/broadcasts/${usedBy.id}`;
    case "WORKFLOW":
      return `/workflows/${usedBy.id}`;
    case "SEGMENT":
      return `/segments/${usedBy.id}`;
    case "EXPORT":
    case "IMPORT":
      return `/transfers/${usedBy.id}`;
    case "AUDIENCE":
    case "WEBHOOK":
      return "/destinations";
  }
}

/** What uses the segment, and whether it still does. */
export function Uses({ segmentId }: { segmentId: string }) {
  const t = useTexts().segments;
  const pages = usePages<usesQuery, Use>(QUERY, { id: segmentId }, ({ segment }) => ({
    rows: segment?.uses.nodes ?? [],
    endCursor: segment?.uses.pageInfo.endCursor,
    hasNextPage: segment?.uses.pageInfo.hasNextPage ?? false,
  }));
  return (
    <DataTable
      label={t.tabs.uses}
      columns={[
        { key: "label", label: t.usedBy },
        { key: "kind", label: t.kind, width: 140 },
        { key: "state", label: t.status, width: 120 },
        { key: "last", label: t.lastUsed, width: 180 },
        { key: "first", label: t.firstUsed, width: 180 },
      ]}
      pages={pages}
      renderCells={(use) => <Cells use={use} />}
      empty={<Empty title={t.noUses}>{t.noUsesLead}</Empty>}
    />
  );
}

function Cells({ use }: { use: Use }) {
  const t = useTexts().segments;
  const address = addressOf(use);
  return (
    <>
      <DataCell>
        {address ? (
          <LinkTo size="sm" to={address as "/segments"}>{use.label}</LinkTo>
        ) : (
          <Text size="sm" component="span">
            {use.label}
          </Text>
        )}
      </DataCell>
      <DataCell>{t.useKinds[use.kind]}</DataCell>
      <DataCell>
        <StatusBadge color={use.active ? "teal" : "gray"}>{use.active ? t.active : t.past}</StatusBadge>
      </DataCell>
      <DataCell>
        <Moment at={use.lastUsedAt} size="sm" />
      </DataCell>
      <DataCell>
        <Moment at={use.firstUsedAt} size="sm" />
      </DataCell>
    </>
  );
}
