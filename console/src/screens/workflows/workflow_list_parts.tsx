import { IconPlus, IconSearch } from "@tabler/icons-react";

import { AwaitedField } from "../../components/awaited_field";
import { AwaitedPlace } from "../../components/awaited_place";
import beside from "../../components/beside.module.css";
import { Empty } from "../../components/empty";
import type { Kit } from "../../components/kit";
import { PlainButton } from "../../components/plain_button";
import { Screen } from "../../components/screen";
import { DataCell, FirstRows, type Column } from "../../components/table_frame";
import { formatNumber } from "../../format/numbers";
import type { FirstView } from "../../frame/first_view";
import type { Catalogue } from "../../texts/en";
import type { workflowList_workflow$data } from "../../__generated__/workflowList_workflow.graphql";
import type { workflowListQuery$data } from "../../__generated__/workflowListQuery.graphql";
import { WorkflowState } from "./workflow_state";

// Parts of the list of workflows without hooks: the first of it is drawn before React is there.

type Row = Omit<workflowList_workflow$data, " $fragmentType">;
type Data = { workflows: Omit<workflowListQuery$data["workflows"], "nodes"> & { nodes: readonly Row[] } };

export const firstView: FirstView<Data> = ({ kit, may, data: { workflows } }) => {
  const t = kit.t.workflows;
  const create = may("WORKFLOW_WRITE") && <Create kit={kit} />;
  return (
    <Screen title={t.title} lead={t.lead} actions={create}>
      <div className={beside.wrapped}>
        <AwaitedField label={t.search} icon={<IconSearch size={16} />} style={{ flex: "1 1 240px" }} />
        <AwaitedPlace style={{ width: 200, height: 20 }} />
      </div>
      <FirstRows
        label={t.title}
        columns={columnsOf(t)}
        rows={workflows.nodes}
        hasMore={workflows.pageInfo.hasNextPage}
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

export function Create({ kit: { t }, onClick }: { kit: Kit; onClick?: () => void }) {
  return (
    <PlainButton leftSection={<IconPlus size={16} />} onClick={onClick}>
      {t.workflows.create}
    </PlainButton>
  );
}

export function columnsOf({ columns }: Catalogue["workflows"]): Column[] {
  return [
    { key: "name", label: columns.name },
    { key: "status", label: columns.status, width: 110 },
    { key: "inside", label: columns.inside, numeric: true, width: 100 },
    { key: "entered", label: columns.entered, numeric: true, width: 100 },
    { key: "goal", label: columns.goal, numeric: true, width: 100 },
    { key: "changed", label: columns.changed, width: 160 },
  ];
}

/** The cells of one workflow. */
export function Cells({ kit, row }: { kit: Kit; row: Row }) {
  return (
    <>
      <DataCell>
        <kit.Link path={`/workflows/${row.id}`} strong>
          {row.name}
        </kit.Link>
      </DataCell>
      <DataCell>
        <WorkflowState t={kit.t} status={row.status} />
      </DataCell>
      <DataCell numeric>{formatNumber(row.counts.inside)}</DataCell>
      <DataCell numeric>{formatNumber(row.counts.entered)}</DataCell>
      <DataCell numeric>{formatNumber(row.counts.goal)}</DataCell>
      <DataCell>
        <kit.Moment at={row.updatedAt} />
      </DataCell>
    </>
  );
}
