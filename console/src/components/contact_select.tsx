import { type SelectProps } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { useRead } from "../relay/read";
import { useTexts } from "../texts/texts";
import type { contactSelectQuery } from "../__generated__/contactSelectQuery.graphql";
import { Select } from "./choices";

const QUERY = graphql`
  query contactSelectQuery($search: String, $chosen: ID, $hasChosen: Boolean!) {
    contacts(first: 20, search: $search) {
      nodes {
        id
        name
        email
        phone
        externalId
      }
    }
    contact(id: $chosen) @include(if: $hasChosen) {
      id
      name
      email
      phone
      externalId
    }
  }
`;

type Found = {
  readonly id: string;
  readonly name: string | null | undefined;
  readonly email: string | null | undefined;
  readonly phone: string | null | undefined;
  readonly externalId: string | null | undefined;
};

export type ChosenContact = { id: string; name: string };

/** Chooses a contact among any number: what is typed is searched by the server. */
export function ContactSelect({
  value,
  onChange,
  ...props
}: { value: string | null; onChange: (contact: ChosenContact | null) => void } & Omit<SelectProps, "value" | "onChange" | "data" | "searchable">) {
  const t = useTexts();
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed, 200);
  const [isNear, setNear] = useState(false); // nothing is read for a list that nobody has asked for
  const isWanted = isNear || value !== null;
  const { data, isLoading } = useRead<contactSelectQuery>(
    QUERY,
    isWanted ? { search: search || null, chosen: value, hasChosen: value !== null } : null,
  );
  const found = new Map<string, string>();
  for (const contact of [...(data?.contacts.nodes ?? []), data?.contact]) if (contact) found.set(contact.id, labelOf(contact));
  const shown = value ? found.get(value) : undefined;
  return (
    <Select
      clearable
      nothingFoundMessage={isLoading ? t.common.loading : t.common.nothingFound}
      clearButtonProps={{ "aria-label": t.common.clear }}
      {...props}
      searchable
      onFocus={() => setNear(true)}
      data={[...found].map(([id, label]) => ({ value: id, label }))}
      filter={({ options }) => options}
      value={value}
      onChange={(id) => onChange(id ? { id, name: found.get(id) ?? "" } : null)}
      onSearchChange={(text) => setTyped(text === shown ? "" : text)}
    />
  );
}

function labelOf(contact: Found): string {
  const [name, other] = [contact.name, contact.email, contact.phone, contact.externalId].filter(Boolean);
  return [name, other].filter(Boolean).join(" · ");
}
