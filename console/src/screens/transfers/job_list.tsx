import { Group, Progress, Text } from "@mantine/core";
import { IconDownload, IconUpload } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { Select } from "../../components/choices";
import { DataTable } from "../../components/data_table";
import { Empty } from "../../components/empty";
import { ButtonTo, LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { Screen } from "../../components/screen";
import { StatusBadge } from "../../components/status_badge";
import { formatShare } from "../../format/numbers";
import { wordOf } from "../../format/words";
import { useLive } from "../../relay/live";
import { usePages } from "../../relay/pages";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { jobFragment_job$key } from "../../__generated__/jobFragment_job.graphql";
import type { jobFragmentFollowSubscription } from "../../__generated__/jobFragmentFollowSubscription.graphql";
import type { jobListQuery, jobListQuery$data } from "../../__generated__/jobListQuery.graphql";
import { DataCell } from "../../components/table_frame";
import { FOLLOW, JOB } from "./job_fragment";
import { IS_UNFINISHED, percentOf, STATUS_COLORS, titleOf } from "./job_words";
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
  const t = useTexts();
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
      actions={
        <>
          {mayExport && (
            <ButtonTo to="/transfers/export" variant="default" leftSection={<IconDownload size={16} />}>
              {t.transfers.newExport}
            </ButtonTo>
          )}
          {mayImport && (
            <ButtonTo to="/transfers/import" leftSection={<IconUpload size={16} />}>
              {t.transfers.newImport}
            </ButtonTo>
          )}
        </>
      }
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
        columns={[
          { key: "what", label: t.transfers.what },
          { key: "status", label: t.transfers.status, width: 140 },
          { key: "progress", label: t.transfers.progress, width: 180 },
          { key: "created", label: t.transfers.created, width: 160 },
        ]}
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

const cells = (row: Row, index: number) => <Cells job={row} isFollowed={index < MOST_FOLLOWED} />;

function Cells({ job, isFollowed }: { job: jobFragment_job$key; isFollowed: boolean }) {
  const t = useTexts();
  const row = useFragment(JOB, job);
  const maySegments = useMay("SEGMENT_READ");
  const mayWorkflows = useMay("WORKFLOW_READ");
  const isUnfinished = Boolean(IS_UNFINISHED[row.status]);
  useLive<jobFragmentFollowSubscription>(
    FOLLOW,
    isFollowed && isUnfinished ? { id: row.id, maySegments, mayWorkflows, mayImport: false } : null,
  );
  const percent = percentOf(row);
  return (
    <>
      <DataCell>
        <LinkTo to="/transfers/$job" params={{ job: row.id }} fw={500} size="sm">
          {titleOf(t, row)}
        </LinkTo>
      </DataCell>
      <DataCell>
        <StatusBadge color={row.undoneAt && !isUnfinished ? "gray" : (STATUS_COLORS[row.status] ?? "gray")}>
          {row.undoneAt && !isUnfinished ? t.transfers.undone : wordOf(t.transfers.statuses, row.status)}
        </StatusBadge>
      </DataCell>
      <DataCell>
        {isUnfinished && percent !== null ? (
          <Group gap="xs" wrap="nowrap">
            <Progress value={percent} w={90} aria-label={t.transfers.jobProgress} />
            <Text size="xs" className="numeric">
              {formatShare(percent / 100)}
            </Text>
          </Group>
        ) : (
          <Text size="sm" c="dimmed">
            {row.total == null ? t.transfers.doneSoFar(row.done) : t.transfers.doneOf(row.done, row.total)}
          </Text>
        )}
      </DataCell>
      <DataCell>
        <Moment at={row.createdAt} />
      </DataCell>
    </>
  );
}
