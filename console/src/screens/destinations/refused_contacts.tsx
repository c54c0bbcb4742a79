import { Stack } from "@mantine/core";
import { graphql } from "relay-runtime";

import { DataTable } from "../../components/data_table";
import { PartHead } from "../../components/part_head";
import { usePages } from "../../relay/pages";
import { useTexts } from "../../texts/texts";
import type { refusedContactsQuery, refusedContactsQuery$data } from "../../__generated__/refusedContactsQuery.graphql";
import { DataCell } from "../../components/table_frame";

const QUERY = graphql`
  query refusedContactsQuery($id: ID!, $after: String) {
    audience(id: $id) {
      refusedContacts(first: 100, after: $after) {
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

type Row = NonNullable<refusedContactsQuery$data["audience"]>["refusedContacts"]["nodes"][number];

/** The contacts whose rows Meta calls invalid, to be corrected. */
export function RefusedContacts({ audience }: { audience: string }) {
  const words = useTexts().destinations.meta;
  const pages = usePages<refusedContactsQuery, Row>(QUERY, { id: audience }, (data) => ({
    rows: data.audience?.refusedContacts.nodes ?? [],
    endCursor: data.audience?.refusedContacts.pageInfo.endCursor,
    hasNextPage: data.audience?.refusedContacts.pageInfo.hasNextPage ?? false,
  }));
  return (
    <Stack gap="xs">
      <PartHead size="h4" title={words.refusedTitle} lead={words.refusedTitleLead} />
      <DataTable
        label={words.refusedTitle}
        columns={[
          { key: "name", label: words.contact },
          { key: "email", label: words.email },
          { key: "phone", label: words.phone },
        ]}
        pages={pages}
        height={360}
        renderCells={(row) => (
          <>
            <DataCell>{row.name}</DataCell>
            <DataCell>{row.email}</DataCell>
            <DataCell>{row.phone}</DataCell>
          </>
        )}
        empty={null}
      />
    </Stack>
  );
}
