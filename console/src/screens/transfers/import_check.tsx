import { Alert, Button, Card, Group, Stack, Text } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { useLive } from "../../relay/live";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { importCheckQuery } from "../../__generated__/importCheckQuery.graphql";
import type { importCheck_job$key } from "../../__generated__/importCheck_job.graphql";
import type { jobFragmentFollowSubscription } from "../../__generated__/jobFragmentFollowSubscription.graphql";
import { ImportCounts } from "./import_counts";
import { FOLLOW } from "./job_fragment";
import { JobProgress } from "./job_progress";
import { IS_UNFINISHED } from "./job_words";
import { RejectedRows } from "./rejected_rows";

const QUERY = graphql`
  query importCheckQuery($id: ID!) {
    job(id: $id) {
      ...importCheck_job @alias(as: "asImport")
    }
  }
`;

/** The last step: all rows were checked without writing anything; with these numbers before the eyes, the import starts. */
export function ImportCheck({
  job: id,
  busy,
  canStart,
  onBack,
  onStart,
}: {
  job: string;
  busy: boolean;
  canStart: boolean;
  onBack: () => void;
  onStart: () => void;
}) {
  const t = useTexts();
  const maySegments = useMay("SEGMENT_READ");
  const mayWorkflows = useMay("WORKFLOW_READ");
  const [{ job }] = useScreenQuery<importCheckQuery>(QUERY, { id });
  const row = useFragment<importCheck_job$key>(
    graphql`
      fragment importCheck_job on ImportJob {
        id
        status
        done
        total
        error
        startedAt
        finishedAt
        created
        updated
        unchanged
        skipped
        rejected
        partial
        rejectedRowsUrl
        ...importCounts_job
      }
    `,
    job?.asImport ?? null,
  );
  const isUnfinished = row ? Boolean(IS_UNFINISHED[row.status]) : false;
  useLive<jobFragmentFollowSubscription>(FOLLOW, isUnfinished ? { id, maySegments, mayWorkflows, mayImport: true } : null);
  if (!row) return <Alert color="gray">{t.transfers.import.gone}</Alert>;
  const writing = row.created + row.updated + row.unchanged;
  const noted = row.rejected + row.skipped + row.partial;
  return (
    <Stack>
      <Card withBorder>
        <Stack gap="xs">
          <Text fw={600} role="status">
            {isUnfinished ? t.transfers.import.checkTitle : row.status === "SUCCEEDED" ? t.transfers.import.checked : t.transfers.import.checkFailed}
          </Text>
          <JobProgress job={row} />
        </Stack>
      </Card>
      {row.error && (
        <Alert color="red" role="alert" title={t.transfers.import.checkFailed}>
          {row.error}
        </Alert>
      )}
      <ImportCounts job={row} />
      {!isUnfinished && row.status === "SUCCEEDED" && writing === 0 && <Alert color="yellow">{t.transfers.import.nothingToWrite}</Alert>}
      {!isUnfinished && noted > 0 && <RejectedRows id={id} url={row.rejectedRowsUrl} count={noted} />}
      {!canStart && <Alert color="yellow">{t.transfers.import.lost}</Alert>}
      <Group justify="space-between">
        <Button variant="default" onClick={onBack}>
          {t.common.back}
        </Button>
        <Button onClick={onStart} loading={busy} disabled={isUnfinished || row.status !== "SUCCEEDED" || writing === 0 || !canStart}>
          {t.transfers.import.start(writing)}
        </Button>
      </Group>
    </Stack>
  );
}
