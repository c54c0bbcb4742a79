import { IconDownload, IconUpload } from "@tabler/icons-react";

import { AwaitedField } from "../../components/awaited_field";
import { Bar } from "../../components/bar";
import beside from "../../components/beside.module.css";
import { Empty } from "../../components/empty";
import type { Kit } from "../../components/kit";
import { Screen } from "../../components/screen";
import { StatusBadge } from "../../components/status_badge";
import { DataCell, FirstRows, type Column } from "../../components/table_frame";
import { Words } from "../../components/words";
import { formatShare } from "../../format/numbers";
import { wordOf } from "../../format/words";
import type { FirstView } from "../../frame/first_view";
import type { Catalogue } from "../../texts/en";
import type { jobListQuery$data } from "../../__generated__/jobListQuery.graphql";
import { IS_UNFINISHED, percentOf, STATUS_COLORS, titleOf, type Job } from "./job_words";

// Parts of the list of jobs without hooks: the first of it is drawn before React is there.

type Data = { jobs: Omit<jobListQuery$data["jobs"], "nodes"> & { nodes: readonly Job[] } };

export const firstView: FirstView<Data> = ({ kit, may, data: { jobs } }) => {
  const t = kit.t.transfers;
  return (
    <Screen title={t.title} lead={t.lead} actions={<Actions kit={kit} mayImport={may("CONTACT_IMPORT")} mayExport={may("CONTACT_EXPORT")} />}>
      <div className={beside.wrapped}>
        <AwaitedField label={t.kind} placeholder={t.allKinds} style={{ flex: "1 1 150px", maxWidth: 240 }} />
        <AwaitedField label={t.status} placeholder={t.allStatuses} style={{ flex: "1 1 150px", maxWidth: 180 }} />
      </div>
      <FirstRows
        label={t.title}
        columns={columnsOf(t)}
        rows={jobs.nodes}
        hasMore={jobs.pageInfo.hasNextPage}
        cells={(job) => <Cells kit={kit} job={job} />}
        empty={<Empty title={t.empty}>{t.emptyLead}</Empty>}
      />
    </Screen>
  );
};

/** What can be begun. */
export function Actions({ kit: { t, ButtonLink }, mayImport, mayExport }: { kit: Kit; mayImport: boolean; mayExport: boolean }) {
  return (
    <>
      {mayExport && (
        <ButtonLink path="/transfers/export" variant="default" leftSection={<IconDownload size={16} />}>
          {t.transfers.newExport}
        </ButtonLink>
      )}
      {mayImport && (
        <ButtonLink path="/transfers/import" leftSection={<IconUpload size={16} />}>
          {t.transfers.newImport}
        </ButtonLink>
      )}
    </>
  );
}

export function columnsOf(t: Catalogue["transfers"]): Column[] {
  return [
    { key: "what", label: t.what },
    { key: "status", label: t.status, width: 140 },
    { key: "progress", label: t.progress, width: 180 },
    { key: "created", label: t.created, width: 160 },
  ];
}

/** The cells of one job. */
export function Cells({ kit, job }: { kit: Kit; job: Job }) {
  const t = kit.t.transfers;
  const isUnfinished = Boolean(IS_UNFINISHED[job.status]);
  const isUndone = Boolean(job.undoneAt) && !isUnfinished;
  const percent = percentOf(job);
  return (
    <>
      <DataCell>
        <kit.Link path={`/transfers/${job.id}`} strong>
          {titleOf(kit.t, job)}
        </kit.Link>
      </DataCell>
      <DataCell>
        <StatusBadge color={isUndone ? "gray" : (STATUS_COLORS[job.status] ?? "gray")}>{isUndone ? t.undone : wordOf(t.statuses, job.status)}</StatusBadge>
      </DataCell>
      <DataCell>
        {isUnfinished && percent !== null ? (
          <div className={beside.beside}>
            <Bar width={90} label={t.jobProgress} parts={[{ percent, color: "brand-filled" }]} />
            <Words as="span" isSmall>
              {formatShare(percent / 100)}
            </Words>
          </div>
        ) : (
          <Words isDimmed>{job.total == null ? t.doneSoFar(job.done) : t.doneOf(job.done, job.total)}</Words>
        )}
      </DataCell>
      <DataCell>
        <kit.Moment at={job.createdAt} />
      </DataCell>
    </>
  );
}
