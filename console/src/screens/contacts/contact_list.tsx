import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { DataCell, DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { Moment } from "../../components/moment";
import { Screen } from "../../components/screen";
import { usePages } from "../../relay/pages";
import { useTexts } from "../../texts/texts";
import type { contactListQuery, contactListQuery$data } from "../../__generated__/contactListQuery.graphql";
import type { contactList_contact$key } from "../../__generated__/contactList_contact.graphql";
import { contactsRoute } from "./routes";

const QUERY = graphql`
  query contactListQuery($search: String, $after: String, $withCount: Boolean!) {
    contacts(search: $search, first: 250, after: $after) {
      totalCount @include(if: $withCount)
      nodes {
        id
        ...contactList_contact
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

type Row = contactListQuery$data["contacts"]["nodes"][number];

export function ContactList() {
  const t = useTexts();
  const { search } = contactsRoute.useSearch();
  const navigate = contactsRoute.useNavigate();
  const [typed, setTyped] = useState(search ?? "");
  const searchFor = useDebouncedCallback((text: string) => {
    void navigate({ search: { search: text || undefined }, replace: true });
  }, 250);
  const pages = usePages<contactListQuery, Row>(QUERY, { search, withCount: true }, ({ contacts }) => ({
    rows: contacts.nodes,
    totalCount: contacts.totalCount,
    ...contacts.pageInfo,
  }));
  return (
    <Screen title={t.contacts.title} lead={pages.totalCount === null ? "\u00a0" : t.contacts.count(pages.totalCount)}>
      <TextInput
        leftSection={<IconSearch size={16} />}
        aria-label={t.contacts.search}
        placeholder={t.contacts.search}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          searchFor(event.currentTarget.value);
        }}
      />
      <DataTable
        label={t.contacts.title}
        columns={[
          { key: "name", label: t.contacts.name },
          { key: "email", label: t.contacts.email },
          { key: "phone", label: t.contacts.phone },
          { key: "created", label: t.contacts.created },
        ]}
        pages={pages}
        renderCells={(row) => <Cells contact={row} />}
        empty={<Empty title={t.contacts.empty}>{t.contacts.emptyLead}</Empty>}
      />
    </Screen>
  );
}

function Cells({ contact }: { contact: contactList_contact$key }) {
  const row = useFragment(
    graphql`
      fragment contactList_contact on Contact {
        name
        email
        phone
        createdAt
      }
    `,
    contact,
  );
  return (
    <>
      <DataCell>{row.name}</DataCell>
      <DataCell>{row.email}</DataCell>
      <DataCell>{row.phone}</DataCell>
      <DataCell>
        <Moment at={row.createdAt} />
      </DataCell>
    </>
  );
}
