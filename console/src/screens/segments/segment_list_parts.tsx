import { IconPlus, IconSearch } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { AwaitedField } from "../../components/awaited_field";
import { Empty } from "../../components/empty";
import type { Kit } from "../../components/kit";
import { Screen } from "../../components/screen";
import { Sparkline } from "../../components/sparkline";
import { DataCell, FirstRows, type Column } from "../../components/table_frame";
import { Words } from "../../components/words";
import { formatNumber } from "../../format/numbers";
import type { FirstView } from "../../frame/first_view";
import type { Catalogue } from "../../texts/en";
import type { segmentCells_segment$data } from "../../__generated__/segmentCells_segment.graphql";
import type { segmentListQuery$data } from "../../__generated__/segmentListQuery.graphql";
import { KINDS, ORDERS, STATUSES, UNUSED } from "./choices";
import classes from "./segments.module.css";
import { SegmentStatusBadge } from "./status";

// Parts of the list of segments without hooks: the first of it is drawn before React is there.

type Row = Omit<segmentCells_segment$data, " $fragmentType">;
type Data = { segments: Omit<segmentListQuery$data["segments"], "nodes"> & { nodes: readonly Row[] } };

export const firstView: FirstView<Data> = ({ kit, may, data: { segments } }) => {
  const t = kit.t.segments;
  const create = may("SEGMENT_WRITE") && <Create kit={kit} />;
  return (
    <Screen title={t.title} lead={t.count(segments.totalCount)} actions={create}>
      <div className={classes.filters}>
        <AwaitedField label={t.search} icon={<IconSearch size={16} />} className={classes.search} />
        <AwaitedField label={t.kind} value={t.anyKind} choices={[t.anyKind, ...KINDS.map((kind) => t.kinds[kind])]} />
        <AwaitedField label={t.status} value={t.anyStatus} choices={[t.anyStatus, ...STATUSES.map((status) => t.statuses[status]), t.deletedOnly]} />
        <AwaitedField label={t.unusedSince} value={t.unusedChoices.any} choices={[t.unusedChoices.any, ...UNUSED.map((days) => t.unusedChoices[days])]} />
        <AwaitedField label={t.order} value={t.orders.NAME_ASC} choices={ORDERS.map((order) => t.orders[order])} />
      </div>
      <FirstRows
        label={t.title}
        columns={columnsOf(t, false)}
        rows={segments.nodes}
        hasMore={segments.pageInfo.hasNextPage}
        cells={(row) => <Cells kit={kit} row={row} />}
        empty={
          <Empty title={t.empty} action={create}>
            {t.emptyLead}
          </Empty>
        }
      />
    </Screen>
  );
};

export function Create({ kit: { t, ButtonLink } }: { kit: Kit }) {
  return (
    <ButtonLink path="/segments/new" leftSection={<IconPlus size={16} />}>
      {t.segments.create}
    </ButtonLink>
  );
}

export function columnsOf(t: Catalogue["segments"], isDeleted: boolean): Column[] {
  return [
    { key: "name", label: t.name },
    { key: "kind", label: t.kind, width: 130 },
    { key: "size", label: t.size, width: 100, numeric: true },
    { key: "trend", label: t.trend, width: 124 },
    { key: "status", label: t.status, width: 130 },
    { key: "fresh", label: isDeleted ? t.deletedAt : t.fresh, width: 150 },
    { key: "uses", label: isDeleted ? "" : t.used, width: 120 },
  ];
}

/** The cells of one segment. `restore` is what restores one that is deleted. */
export function Cells({ kit, row, restore }: { kit: Kit; row: Row; restore?: ReactNode }) {
  const t = kit.t.segments;
  const isDeleted = row.deletedAt !== null && row.deletedAt !== undefined;
  return (
    <>
      <DataCell>
        {isDeleted ? (
          row.name
        ) : (
          <kit.Link path={`/segments/${row.id}`} strong title={row.description ?? undefined}>
            {row.name}
          </kit.Link>
        )}
      </DataCell>
      <DataCell>
        <span title={t.kindLeads[row.kind]}>{t.kinds[row.kind]}</span>
      </DataCell>
      <DataCell numeric>{formatNumber(row.memberCount)}</DataCell>
      <DataCell>
        <Sparkline height={22} values={row.trend} label={t.trendLabel(row.trend[0] ?? 0, row.trend.at(-1) ?? 0)} />
      </DataCell>
      <DataCell>
        <SegmentStatusBadge t={kit.t} status={row.status} />
      </DataCell>
      <DataCell>
        <kit.Moment at={isDeleted ? row.deletedAt : row.computedAt} />
      </DataCell>
      <DataCell>
        {isDeleted ? (
          restore
        ) : row.useCount > 0 ? (
          <kit.Link path={`/segments/${row.id}?tab=uses`} label={t.openUses(row.name, row.useCount)}>
            {t.uses(row.useCount)}
          </kit.Link>
        ) : (
          <Words isDimmed>{t.unused}</Words>
        )}
      </DataCell>
    </>
  );
}
