import { type MultiSelectProps, type SelectProps } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { MultiSelect, Select } from "../../components/choices";
import { formatNumber } from "../../format/numbers";
import { useRead } from "../../relay/read";
import { useTexts } from "../../texts/texts";
import type { optionSearchContactsQuery } from "../../__generated__/optionSearchContactsQuery.graphql";
import type { optionSearchSegmentsQuery } from "../../__generated__/optionSearchSegmentsQuery.graphql";

export type Option = { value: string; label: string };

const SEGMENTS = graphql`
  query optionSearchSegmentsQuery($search: String) {
    segments(first: 30, search: $search, orderBy: NAME_ASC) {
      nodes {
        id
        name
        memberCount
      }
    }
  }
`;

const CONTACTS = graphql`
  query optionSearchContactsQuery($search: String) {
    contacts(first: 20, search: $search) {
      nodes {
        id
        name
        email
        phone
      }
    }
  }
`;

/** What is typed, once it rests, and whether the list was opened: before that nothing is asked of the server. */
function useTyped() {
  const [typed, setTyped] = useState("");
  const [opened, setOpened] = useState(false);
  const [search] = useDebouncedValue(typed, 200);
  return { typed, setTyped, search: search.trim() || null, opened, open: () => setOpened(true) };
}

/** Of the options, those that fit what is typed: until the server has answered to it, those that have it in their label. */
function fitting(options: readonly Option[], typed: string, isFresh: boolean): readonly Option[] {
  const wanted = typed.trim().toLowerCase();
  return isFresh || !wanted ? options : options.filter(({ label }) => label.toLowerCase().includes(wanted));
}

export function segmentOption(segment: { readonly id: string; readonly name: string; readonly memberCount: number }): Option {
  return { value: segment.id, label: `${segment.name} · ${formatNumber(segment.memberCount)}` };
}

/** Chooses segments; `known` gives the labels of those that are chosen already. */
export function SegmentMultiSelect({
  known,
  ...props
}: { known: readonly Option[] } & Omit<MultiSelectProps, "data" | "searchable">) {
  const t = useTexts();
  const { typed, setTyped, search, opened, open } = useTyped();
  const [seen, setSeen] = useState<readonly Option[]>(known);
  const { data, isLoading } = useRead<optionSearchSegmentsQuery>(SEGMENTS, opened ? { search } : null);
  const isFresh = !isLoading && (typed.trim() || null) === search;
  const found = fitting(data?.segments.nodes.map(segmentOption) ?? [], typed, isFresh);
  const labels = new Map([...seen, ...known, ...found].map((option) => [option.value, option]));
  const chosen = (props.value ?? []).flatMap((id) => labels.get(id) ?? []);
  return (
    <MultiSelect
      {...props}
      searchable
      hidePickedOptions
      clearable
      clearButtonProps={{ "aria-label": t.common.clear }}
      searchValue={typed}
      onSearchChange={setTyped}
      onFocus={open}
      data={[...new Map([...found, ...chosen].map((option) => [option.value, option])).values()]}
      filter={({ options }) => options.filter((option) => !("value" in option && props.value?.includes(option.value)))}
      nothingFoundMessage={isFresh ? t.broadcasts.noSegments : t.common.loading}
      onChange={(ids) => {
        setSeen(ids.flatMap((id) => labels.get(id) ?? []));
        props.onChange?.(ids);
      }}
    />
  );
}

function contactOption(contact: { readonly id: string; readonly name?: string | null; readonly email?: string | null; readonly phone?: string | null }): Option {
  const name = contact.name ?? contact.email ?? contact.phone ?? contact.id;
  const rest = contact.phone ?? contact.email;
  return { value: contact.id, label: rest && rest !== name ? `${name} · ${rest}` : name };
}

/** Chooses one contact among any number. */
export function ContactSelect({ known, ...props }: { known: Option | null } & Omit<SelectProps, "data" | "searchable">) {
  const t = useTexts();
  const [typed, setTyped] = useState("");
  const { setTyped: search, search: asked, opened, open } = useTyped();
  const { data } = useRead<optionSearchContactsQuery>(CONTACTS, opened ? { search: asked } : null);
  const found = data?.contacts.nodes.map(contactOption) ?? [];
  const all = new Map([...(known ? [known] : []), ...found].map((option) => [option.value, option]));
  return (
    <Select
      {...props}
      searchable
      allowDeselect={false}
      placeholder={t.broadcasts.searchContacts}
      data={[...all.values()]}
      filter={({ options }) => options}
      searchValue={typed}
      onSearchChange={(text) => {
        setTyped(text);
        search([...all.values()].some((option) => option.label === text) ? "" : text);
      }}
      onFocus={open}
      nothingFoundMessage={t.broadcasts.noContacts}
    />
  );
}

/** Chooses contacts. */
export function ContactMultiSelect(props: Omit<MultiSelectProps, "data" | "searchable">) {
  const t = useTexts();
  const { typed, setTyped, search, opened, open } = useTyped();
  const [seen, setSeen] = useState<readonly Option[]>([]);
  const { data, isLoading } = useRead<optionSearchContactsQuery>(CONTACTS, opened ? { search } : null);
  const isFresh = !isLoading && (typed.trim() || null) === search;
  const found = fitting(data?.contacts.nodes.map(contactOption) ?? [], typed, isFresh);
  const labels = new Map([...seen, ...found].map((option) => [option.value, option]));
  return (
    <MultiSelect
      {...props}
      searchable
      hidePickedOptions
      placeholder={t.broadcasts.searchContacts}
      searchValue={typed}
      onSearchChange={setTyped}
      onFocus={open}
      data={[...labels.values()]}
      filter={({ options }) => {
        const shown = new Set(found.map((option) => option.value));
        return options.filter((option) => "value" in option && shown.has(option.value) && !props.value?.includes(option.value));
      }}
      nothingFoundMessage={isFresh ? t.broadcasts.noContacts : t.common.loading}
      onChange={(ids) => {
        setSeen(ids.flatMap((id) => labels.get(id) ?? []));
        props.onChange?.(ids);
      }}
    />
  );
}
