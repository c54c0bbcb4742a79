import { Alert, Button, Card, Group, Stack, Text } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { NotFound } from "../../app/failures";
import { confirm } from "../../components/confirm";
import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { notifyDone, notifyOfError } from "../../components/notify";
import { Screen } from "../../components/screen";
import { StatusBadge } from "../../components/status_badge";
import { wordOf } from "../../format/words";
import { useMutationCall } from "../../relay/commit";
import { useLive } from "../../relay/live";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { jobFragment_job$data, jobFragment_job$key } from "../../__generated__/jobFragment_job.graphql";
import type { jobFragmentFollowSubscription } from "../../__generated__/jobFragmentFollowSubscription.graphql";
import type { jobPageCancelMutation } from "../../__generated__/jobPageCancelMutation.graphql";
import type { jobPageQuery } from "../../__generated__/jobPageQuery.graphql";
import { ExportResult } from "./export_result";
import { ImportResult } from "./import_result";
import { FOLLOW, JOB } from "./job_fragment";
import { JobProgress } from "./job_progress";
import { IS_UNFINISHED, STATUS_COLORS, titleOf } from "./job_words";
import { jobRoute } from "./routes";

const QUERY = graphql`
  query jobPageQuery($id: ID!, $maySegments: Boolean!, $mayWorkflows: Boolean!, $mayImport: Boolean!) {
    job(id: $id) {
      id
      kind
      ...jobFragment_job
      ...importResult_job @alias(as: "asImport")
      ...exportResult_job @alias(as: "asExport")
    }
  }
`;

const CANCEL = graphql`
  mutation jobPageCancelMutation($id: ID!) {
    jobCancel(id: $id) {
      job {
        id
        status
        done
        total
      }
      userErrors {
        message
      }
    }
  }
`;

/** Links to files are good for an hour: they are read anew before that. */
const NEW_LINKS_MS = 20 * 60_000;

/** One job: how far it is, what it did, and what can be done about it. Its address can be kept. */
export function JobPage() {
  const { job: id } = jobRoute.useParams();
  const maySegments = useMay("SEGMENT_READ");
  const mayWorkflows = useMay("WORKFLOW_READ");
  const mayImport = useMay("CONTACT_IMPORT");
  const variables = { id, maySegments, mayWorkflows, mayImport };
  const [{ job }, reload] = useScreenQuery<jobPageQuery>(QUERY, variables, { everyMs: NEW_LINKS_MS });
  const t = useTexts();
  const row = useFragment<jobFragment_job$key>(JOB, job);
  const isUnfinished = row ? Boolean(IS_UNFINISHED[row.status]) : false;
  useLive<jobFragmentFollowSubscription>(FOLLOW, isUnfinished ? variables : null, ({ jobProgress }) => {
    if (!jobProgress) reload();
  });
  if (!row || !job) return <NotFound />;
  const isUndone = Boolean(row.undoneAt) && !isUnfinished;
  return (
    <Screen
      title={titleOf(t, row)}
      lead={
        <Group gap="xs">
          <LinkTo to="/transfers" size="sm">
            {t.transfers.title}
          </LinkTo>
          <Text size="sm" span>
            · <Moment at={row.createdAt} exact />
          </Text>
        </Group>
      }
      actions={isUnfinished && <CancelButton id={row.id} done={row.done} total={row.total ?? null} isExport={row.kind === "EXPORT"} />}
    >
      <Card withBorder>
        <Stack gap="sm">
          <Group gap="xs" role="status">
            <StatusBadge color={isUndone ? "gray" : (STATUS_COLORS[row.status] ?? "gray")}>
              {isUndone ? t.transfers.undone : wordOf(t.transfers.statuses, row.status)}
            </StatusBadge>
            {row.dryRun && <StatusBadge color="gray">{t.transfers.dryRunBadge}</StatusBadge>}
          </Group>
          <JobProgress job={row} />
          {isUnfinished && (
            <Text size="sm" c="dimmed">
              {t.transfers.mayLeave}
            </Text>
          )}
          <Related job={row} />
        </Stack>
      </Card>
      {row.error && (
        <Alert color={row.status === "FAILED" ? "red" : "yellow"} title={t.transfers.failedTitle} role="alert">
          {row.error}
        </Alert>
      )}
      {job.asImport && <ImportResult job={job.asImport} onChange={reload} />}
      {job.asExport && <ExportResult job={job.asExport} />}
    </Screen>
  );
}

/** What the job is about, as a link. */
function Related({ job }: { job: jobFragment_job$data }) {
  const t = useTexts();
  const segment = job.exported ?? job.computed ?? job.edited;
  if (job.changed === undefined && job.wouldEnter === undefined && !segment && !job.audience) return null;
  return (
    <Group gap="md">
      {job.changed !== undefined && <Text size="sm">{t.transfers.changedLead(job.changed)}</Text>}
      {job.wouldEnter !== undefined && <Text size="sm">{t.transfers.backtestLead(job.wouldEnter)}</Text>}
      {segment && (
        <LinkTo to={"/segments/$segment" as string} params={{ segment: segment.id } as never} size="sm">
          {t.transfers.seeSegment}
        </LinkTo>
      )}
      {job.audience && (
        <LinkTo to={"/destinations/audiences/$audience" as string} params={{ audience: job.audience.id } as never} size="sm">
          {t.transfers.seeAudience}
        </LinkTo>
      )}
    </Group>
  );
}

function CancelButton({ id, done, total, isExport }: { id: string; done: number; total: number | null; isExport: boolean }) {
  const t = useTexts();
  const mayRun = useMay("JOB_RUN");
  const [cancel, busy] = useMutationCall<jobPageCancelMutation>(CANCEL);
  if (!mayRun) return null;
  const ask = async () => {
    const isSure = await confirm({
      title: t.transfers.cancelTitle,
      children: isExport ? t.transfers.cancelExport : t.transfers.cancelLead(done, total),
      action: t.transfers.cancel,
    });
    if (!isSure) return;
    const answer = await cancel({ id });
    const refusal = answer?.jobCancel.userErrors[0];
    if (refusal) notifyOfError(new Error(refusal.message));
    else if (answer) notifyDone(t.transfers.cancelling);
  };
  return (
    <Button variant="default" color="red" loading={busy} onClick={() => void ask()}>
      {t.transfers.cancel}
    </Button>
  );
}
