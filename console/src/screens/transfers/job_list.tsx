import { Group } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { Select } from "../../components/choices";
import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { Screen } from "../../components/screen";
import { wordOf } from "../../format/words";
import { useLive } from "../../relay/live";
import { usePages } from "../../relay/pages";
import { useMay } from "../../session/session";
import type { jobFragment_job$key } from "../../__generated__/jobFragment_job.graphql";
import type { jobFragmentFollowSubscription } from "../../__generated__/jobFragmentFollowSubscription.graphql";
import type { jobListQuery, jobListQuery$data } from "../../__generated__/jobListQuery.graphql";
import { useKit } from "../../components/use_kit";
import { FOLLOW, JOB } from "./job_fragment";
import { Actions, Cells, columnsOf } from "./job_list_parts";
import { IS_UNFINISHED } from "./job_words";
import { useNewJobs } from "./new_jobs";
import { KINDS, STATUSES, transfersRoute } from "./routes";

const QUERY = graphql`
  query jobListQuery($kind: JobKind, $status: JobStatus, $after: String, $maySegments: Boolean!, $mayWorkflows: Boolean!) {
    jobs(first: 100, kind: $kind, status: $status, after: $after) {
      nodes {
        id
        ...jobFragment_job
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

type Row = jobListQuery$data["jobs"]["nodes"][number];

/** At most so many rows follow their jobs: those that run are the newest. */
const MOST_FOLLOWED = 20;

export function JobList() {
  const kit = useKit();
  const { t } = kit;
  const { kind, status } = transfersRoute.useSearch();
  const navigate = transfersRoute.useNavigate();
  const mayImport = useMay("CONTACT_IMPORT");
  const mayExport = useMay("CONTACT_EXPORT");
  const maySegments = useMay("SEGMENT_READ");
  const mayWorkflows = useMay("WORKFLOW_READ");
  const pages = usePages<jobListQuery, Row>(QUERY, { kind, status, maySegments, mayWorkflows }, ({ jobs }) => ({
    rows: jobs.nodes,
    ...jobs.pageInfo,
  }));
  useNewJobs({ kind, status }, pages.rows[0]?.id, pages.again);
  return (
    <Screen
      title={t.transfers.title}
      lead={t.transfers.lead}
      actions={<Actions kit={kit} mayImport={mayImport} mayExport={mayExport} />}
    >
      <Group gap="sm">
        <Select
          aria-label={t.transfers.kind}
          placeholder={t.transfers.allKinds}
          clearable
          clearButtonProps={{ "aria-label": t.common.clear }}
          data={KINDS.map((value) => ({ value, label: wordOf(t.transfers.kinds, value) }))}
          value={kind ?? null}
          onChange={(value) => void navigate({ search: { status, kind: KINDS.find((each) => each === value) } })}
          flex="1 1 150px"
          maw={240}
        />
        <Select
          aria-label={t.transfers.status}
          placeholder={t.transfers.allStatuses}
          clearable
          clearButtonProps={{ "aria-label": t.common.clear }}
          data={STATUSES.map((value) => ({ value, label: wordOf(t.transfers.statuses, value) }))}
          value={status ?? null}
          onChange={(value) => void navigate({ search: { kind, status: STATUSES.find((each) => each === value) } })}
          flex="1 1 150px"
          maw={180}
        />
      </Group>
      <DataTable
        label={t.transfers.title}
        columns={columnsOf(t.transfers)}
        pages={pages}
        renderCells={cells}
        empty={
          kind || status ? (
            <Empty title={t.transfers.emptyFiltered} />
          ) : (
            <Empty title={t.transfers.empty}>{t.transfers.emptyLead}</Empty>
          )
        }
      />
    </Screen>
  );
}

const cells = (row: Row, index: number) => <LiveCells job={row} isFollowed={index < MOST_FOLLOWED} />;

function LiveCells({ job, isFollowed }: { job: jobFragment_job$key; isFollowed: boolean }) {
  const row = useFragment(JOB, job);
  const maySegments = useMay("SEGMENT_READ");
  const mayWorkflows = useMay("WORKFLOW_READ");
  const isUnfinished = Boolean(IS_UNFINISHED[row.status]);
  useLive<jobFragmentFollowSubscription>(
    FOLLOW,
    isFollowed && isUnfinished ? { id: row.id, maySegments, mayWorkflows, mayImport: false } : null,
  );
  return <Cells kit={useKit()} job={row} />;
}
