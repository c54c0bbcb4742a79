import { Card, Progress, Text } from "@mantine/core";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { notifyDone } from "../../components/notify";
import { useLive } from "../../relay/live";
import { useTexts } from "../../texts/texts";
import type { recomputeProgressSubscription, recomputeProgressSubscription$data } from "../../__generated__/recomputeProgressSubscription.graphql";

type Shown = recomputeProgressSubscription$data["jobProgress"];

const ENDED: readonly string[] = ["SUCCEEDED", "FAILED", "CANCELLED"];

/** How far the computation of the members is. It goes on when the page is left. */
export function RecomputeProgress({ jobId, onDone }: { jobId: string; onDone: () => void }) {
  const t = useTexts().segments;
  const [job, setJob] = useState<Shown | null>(null);
  const isEnded = job !== null && ENDED.includes(job.status);
  useLive<recomputeProgressSubscription>(
    graphql`
      subscription recomputeProgressSubscription($id: ID!) {
        jobProgress(id: $id) {
          id
          status
          done
          total
          error
        }
      }
    `,
    isEnded ? null : { id: jobId },
    ({ jobProgress }) => {
      setJob(jobProgress);
      if (!ENDED.includes(jobProgress.status)) return;
      if (jobProgress.status === "SUCCEEDED") notifyDone(t.recomputed);
      onDone();
    },
  );
  if (job?.status === "FAILED") {
    return (
      <Text size="sm" c="red" role="alert">
        {t.recomputeFailed(job.error ?? "")}
      </Text>
    );
  }
  if (isEnded) return null;
  const percent = job?.total ? (100 * job.done) / job.total : 100;
  return (
    <Card withBorder padding="sm" role="status">
      <Text size="sm">
        {t.recomputing}
        {job?.total ? ` · ${t.jobProgress(job.done, job.total)}` : ""}
      </Text>
      <Progress value={percent} animated mt={6} aria-label={t.recomputing} />
    </Card>
  );
}
