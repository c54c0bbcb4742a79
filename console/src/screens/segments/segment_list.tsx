import { NativeSelect, Text } from "@mantine/core";
import { useCallback, useMemo } from "react";
import { graphql } from "react-relay";

import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { Screen } from "../../components/screen";
import { SearchInput } from "../../components/search_input";
import { useKit } from "../../components/use_kit";
import { useReturn } from "../../relay/live";
import { usePages } from "../../relay/pages";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { segmentListQuery, segmentListQuery$data } from "../../__generated__/segmentListQuery.graphql";
import { KINDS, ORDERS, STATUSES, UNUSED } from "./choices";
import { segmentsRoute, type SegmentListSearch } from "./routes";
import { SegmentCells } from "./segment_cells";
import { columnsOf, Create } from "./segment_list_parts";
import classes from "./segments.module.css";

const QUERY = graphql`
  query segmentListQuery(
    $search: String
    $kind: SegmentKind
    $status: SegmentStatus
    $unusedSince: DateTime
    $deleted: Boolean
    $orderBy: SegmentOrder!
    $after: String
  ) {
    segments(
      search: $search
      kind: $kind
      status: $status
      unusedSince: $unusedSince
      deleted: $deleted
      orderBy: $orderBy
      first: 100
      after: $after
    ) {
      totalCount
      nodes {
        id
        ...segmentCells_segment
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

type Row = segmentListQuery$data["segments"]["nodes"][number];

export function SegmentList() {
  const kit = useKit();
  const t = kit.t.segments;
  const search = segmentsRoute.useSearch();
  const mayWrite = useMay("SEGMENT_WRITE");
  const unusedSince = useMemo(() => (search.unused ? daysAgo(Number(search.unused)) : undefined), [search.unused]);
  const isDeleted = search.deleted ?? false;
  const variables = {
    search: search.search,
    kind: search.kind,
    status: search.status,
    unusedSince,
    deleted: isDeleted,
    orderBy: search.order ?? "NAME_ASC",
  } as const;
  const pages = usePages<segmentListQuery, Row>(QUERY, variables, ({ segments }) => ({
    rows: segments.nodes,
    totalCount: segments.totalCount,
    ...segments.pageInfo,
  }));
  useReturn(pages.again);
  const create = mayWrite && <Create kit={kit} />;
  const { again } = pages;
  const cells = useCallback((row: Row) => <SegmentCells segment={row} onRestored={again} />, [again]);
  const isFiltered = [search.search, search.kind, search.status, search.unused].some((filter) => filter !== undefined);
  return (
    <Screen title={t.title} lead={pages.totalCount === null ? "\u00a0" : t.count(pages.totalCount)} actions={create}>
      <Filters />
      {isDeleted && (
        <Text size="sm" c="dimmed">
          {t.deletedLead}
        </Text>
      )}
      <DataTable
        label={t.title}
        columns={columnsOf(t, isDeleted)}
        pages={pages}
        renderCells={cells}
        empty={
          isDeleted ? (
            <Empty title={t.noneDeleted} />
          ) : isFiltered ? (
            <Empty title={t.noneFound}>{t.noneFoundLead}</Empty>
          ) : (
            <Empty title={t.empty} action={create}>
              {t.emptyLead}
            </Empty>
          )
        }
      />
    </Screen>
  );
}

/** The beginning of the hour so many days ago: the same for a while, so that pages go on from one another. */
function daysAgo(days: number): string {
  const hour = 3_600_000;
  return new Date(Math.floor(Date.now() / hour) * hour - days * 24 * hour).toISOString();
}

/** Deleted segments are listed apart from those of any status. */
const DELETED = "DELETED";

function Filters() {
  const t = useTexts().segments;
  const search = segmentsRoute.useSearch();
  const navigate = segmentsRoute.useNavigate();
  const set = (change: SegmentListSearch) => void navigate({ search: { ...search, ...change }, replace: true });
  return (
    <search className={classes.filters}>
      <SearchInput className={classes.search} label={t.search} value={search.search} onSearch={(text) => set({ search: text })} />
      <NativeSelect
        aria-label={t.kind}
        value={search.kind ?? ""}
        data={[{ value: "", label: t.anyKind }, ...KINDS.map((kind) => ({ value: kind, label: t.kinds[kind] }))]}
        onChange={(event) => set({ kind: KINDS.find((kind) => kind === event.currentTarget.value) })}
      />
      <NativeSelect
        aria-label={t.status}
        value={search.deleted ? DELETED : (search.status ?? "")}
        data={[
          { value: "", label: t.anyStatus },
          ...STATUSES.map((status) => ({ value: status, label: t.statuses[status] })),
          { value: DELETED, label: t.deletedOnly },
        ]}
        onChange={({ currentTarget: { value } }) =>
          set({ status: STATUSES.find((status) => status === value), deleted: value === DELETED || undefined })
        }
      />
      <NativeSelect
        aria-label={t.unusedSince}
        value={search.unused ?? ""}
        data={[{ value: "", label: t.unusedChoices.any }, ...UNUSED.map((days) => ({ value: days, label: t.unusedChoices[days] }))]}
        onChange={(event) => set({ unused: UNUSED.find((days) => days === event.currentTarget.value) })}
      />
      <NativeSelect
        aria-label={t.order}
        value={search.order ?? "NAME_ASC"}
        data={ORDERS.map((order) => ({ value: order, label: t.orders[order] }))}
        onChange={(event) => set({ order: ORDERS.find((order) => order === event.currentTarget.value) })}
      />
    </search>
  );
}
