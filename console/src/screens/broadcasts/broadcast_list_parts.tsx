import { IconPlus } from "@tabler/icons-react";

import { AwaitedField } from "../../components/awaited_field";
import { Bar } from "../../components/bar";
import beside from "../../components/beside.module.css";
import { Empty } from "../../components/empty";
import type { Kit } from "../../components/kit";
import { Screen } from "../../components/screen";
import { DataCell, FirstRows, type Column } from "../../components/table_frame";
import { Words } from "../../components/words";
import type { FirstView } from "../../frame/first_view";
import type { Catalogue } from "../../texts/en";
import type { broadcastList_broadcast$data } from "../../__generated__/broadcastList_broadcast.graphql";
import type { broadcastListQuery$data } from "../../__generated__/broadcastListQuery.graphql";
import { figuresOf, type Counts } from "./pace";
import { BroadcastStatusBadge } from "./status_badge";

// Parts of the list of broadcasts without hooks: the first of it is drawn before React is there.

type Row = Omit<broadcastList_broadcast$data, " $fragmentType">;
type Data = { broadcasts: Omit<broadcastListQuery$data["broadcasts"], "nodes"> & { nodes: readonly Row[] } };

export const firstView: FirstView<Data> = ({ kit, may, data: { broadcasts } }) => {
  const t = kit.t.broadcasts;
  const maySend = may("BROADCAST_SEND") && may("SEGMENT_READ");
  return (
    <Screen title={t.title} lead={t.count(broadcasts.totalCount)} actions={maySend && <Create kit={kit} />}>
      <AwaitedField label={t.status} value={t.anyStatus} style={{ width: 200 }} />
      <FirstRows
        label={t.title}
        columns={columnsOf(t)}
        rows={broadcasts.nodes}
        hasMore={broadcasts.pageInfo.hasNextPage}
        cells={(row) => <Cells kit={kit} row={row} maySend={maySend} />}
        empty={<Empty title={t.empty}>{t.emptyLead}</Empty>}
      />
    </Screen>
  );
};

export function Create({ kit: { t, ButtonLink } }: { kit: Kit }) {
  return (
    <ButtonLink path="/broadcasts/new" leftSection={<IconPlus size={16} />}>
      {t.broadcasts.new}
    </ButtonLink>
  );
}

export function columnsOf(t: Catalogue["broadcasts"]): Column[] {
  return [
    { key: "name", label: t.name },
    { key: "status", label: t.status, width: 130 },
    { key: "template", label: t.template },
    { key: "progress", label: t.progress, width: 220 },
    { key: "when", label: t.when, width: 160 },
  ];
}

/** The cells of one broadcast. */
export function Cells({ kit, row, maySend }: { kit: Kit; row: Row; maySend: boolean }) {
  return (
    <>
      <DataCell>
        <kit.Link path={row.status === "DRAFT" && maySend ? `/broadcasts/${row.id}/edit` : `/broadcasts/${row.id}`} strong>
          {row.name}
        </kit.Link>
      </DataCell>
      <DataCell>
        <BroadcastStatusBadge t={kit.t} status={row.status} />
      </DataCell>
      <DataCell>{row.template.name}</DataCell>
      <DataCell>
        <Done t={kit.t.broadcasts} counts={row.counts} />
      </DataCell>
      <DataCell>
        <kit.Moment at={row.startedAt ?? row.scheduledAt ?? row.createdAt} />
      </DataCell>
    </>
  );
}

function Done({ t, counts }: { t: Catalogue["broadcasts"]; counts: Counts }) {
  const figures = figuresOf(counts);
  if (figures.total === 0) {
    return (
      <Words as="span" isDimmed>
        –
      </Words>
    );
  }
  const share = (count: number) => (count / figures.total) * 100;
  return (
    <div className={beside.beside}>
      <Bar
        isSmall
        width={72}
        parts={[
          { percent: share(figures.sent), color: "brand-filled" },
          { percent: share(figures.failed + figures.unconfirmed), color: "red-filled" },
          { percent: share(figures.skipped), color: "gray-filled" },
        ]}
      />
      <span className="numeric">{t.doneOf(figures.done, figures.total)}</span>
    </div>
  );
}
