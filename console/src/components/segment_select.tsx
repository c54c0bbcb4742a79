import { type SelectProps } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { formatNumber } from "../format/numbers";
import { useRead } from "../relay/read";
import { useTexts } from "../texts/texts";
import type { segmentSelectQuery, SegmentKind } from "../__generated__/segmentSelectQuery.graphql";
import { Select } from "./choices";

const QUERY = graphql`
  query segmentSelectQuery($search: String, $kind: SegmentKind, $chosen: [ID!]!) {
    segments(first: 20, search: $search, kind: $kind, orderBy: NAME_ASC) {
      nodes {
        id
        name
        memberCount
      }
    }
    nodes(ids: $chosen) {
      ... on Segment {
        id
        name
        memberCount
      }
    }
  }
`;

export type ChosenSegment = { id: string; name: string; memberCount: number };

/** Chooses a segment among any number: what is typed is searched by the server. */
export function SegmentSelect({
  value,
  onChange,
  kind,
  ...props
}: { value: string | null; onChange: (segment: ChosenSegment | null) => void; kind?: SegmentKind } & Omit<
  SelectProps,
  "value" | "onChange" | "data" | "searchable"
>) {
  const t = useTexts();
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed, 200);
  const [isNear, setNear] = useState(false); // nothing is read for a list that nobody has asked for
  const isWanted = isNear || value !== null;
  const { data, isLoading } = useRead<segmentSelectQuery>(QUERY, isWanted ? { search: search || null, kind, chosen: value ? [value] : [] } : null);
  const chosen = data?.nodes[0];
  const found = new Map<string, ChosenSegment>();
  for (const segment of [...(data?.segments.nodes ?? []), chosen]) {
    if (segment?.id && segment.name !== undefined && segment.memberCount !== undefined) {
      found.set(segment.id, { id: segment.id, name: segment.name, memberCount: segment.memberCount });
    }
  }
  const label = (segment: ChosenSegment) => `${segment.name} · ${formatNumber(segment.memberCount)}`;
  const shown = value ? found.get(value) : undefined;
  return (
    <Select
      clearable
      nothingFoundMessage={isLoading ? t.common.loading : t.common.nothingFound}
      clearButtonProps={{ "aria-label": t.common.clear }}
      {...props}
      searchable
      onFocus={() => setNear(true)}
      data={[...found.values()].map((segment) => ({ value: segment.id, label: label(segment) }))}
      filter={({ options }) => options}
      value={value}
      onChange={(id) => onChange(id ? (found.get(id) ?? null) : null)}
      onSearchChange={(text) => setTyped(shown && text === label(shown) ? "" : text)}
    />
  );
}
