import { Drawer } from "@mantine/core";
import { graphql } from "relay-runtime";

import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { LinkTo } from "../../components/link";
import { formatNumber } from "../../format/numbers";
import { usePages } from "../../relay/pages";
import { useTexts } from "../../texts/texts";
import type { ExclusionReason, exclusionListQuery, exclusionListQuery$data } from "../../__generated__/exclusionListQuery.graphql";
import { DataCell } from "../../components/table_frame";

const QUERY = graphql`
  query exclusionListQuery($id: ID!, $reason: ExclusionReason!, $after: String) {
    broadcast(id: $id) {
      excluded(reason: $reason, first: 100, after: $after) {
        totalCount
        nodes {
          id
          name
          email
          phone
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  }
`;

type Row = NonNullable<exclusionListQuery$data["broadcast"]>["excluded"]["nodes"][number];

/** The people behind one number of the funnel, beside it. */
export function ExclusionDrawer({
  id,
  reason,
  words,
  onClose,
}: {
  id: string;
  reason: ExclusionReason | undefined;
  words: (reason: ExclusionReason) => string;
  onClose: () => void;
}) {
  const t = useTexts();
  return (
    <Drawer
      opened={reason !== undefined}
      onClose={onClose}
      position="right"
      size="lg"
      title={reason && capital(words(reason))}
      closeButtonProps={{ "aria-label": t.common.close }}
    >
      {reason && <People key={reason} id={id} reason={reason} label={words(reason)} />}
    </Drawer>
  );
}

function People({ id, reason, label }: { id: string; reason: ExclusionReason; label: string }) {
  const t = useTexts();
  const pages = usePages<exclusionListQuery, Row>(QUERY, { id, reason }, ({ broadcast }) => ({
    rows: broadcast?.excluded.nodes ?? [],
    totalCount: broadcast?.excluded.totalCount,
    endCursor: broadcast?.excluded.pageInfo.endCursor,
    hasNextPage: broadcast?.excluded.pageInfo.hasNextPage ?? false,
  }));
  return (
    <DataTable
      label={`${label}: ${pages.totalCount === null ? "" : formatNumber(pages.totalCount)}`}
      columns={[
        { key: "contact", label: t.broadcasts.contact },
        { key: "phone", label: t.broadcasts.phone, width: 170 },
      ]}
      pages={pages}
      renderCells={(row) => (
        <>
          <DataCell>
            <LinkTo to="/contacts/$contactId" params={{ contactId: row.id }} size="sm">
              {row.name ?? row.email ?? row.phone ?? t.broadcasts.contact}
            </LinkTo>
          </DataCell>
          <DataCell>{row.phone ?? "–"}</DataCell>
        </>
      )}
      empty={<Empty title={t.broadcasts.nobodyHere} />}
      height="calc(100dvh - 120px)"
    />
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
