import { Group, Progress, Stack, Text } from "@mantine/core";

import { formatDuration } from "../../format/moments";
import { useTexts } from "../../texts/texts";
import { IS_UNFINISHED, percentOf } from "./job_words";
import { secondsLeft, usePace } from "./pace";

type Shown = {
  status: string;
  done: number;
  total: number | null | undefined;
  startedAt: string | null | undefined;
  finishedAt: string | null | undefined;
  undoneAt?: string | null | undefined;
};

/** How far a job is: a bar, how many are done, how fast, and how long it will take. */
export function JobProgress({ job }: { job: Shown }) {
  const t = useTexts();
  const isRunning = job.status === "RUNNING";
  const pace = usePace(job.done, isRunning);
  const percent = percentOf(job);
  const left = secondsLeft(job.done, job.total, pace);
  const parts: string[] = [];
  if (job.status === "QUEUED") parts.push(t.transfers.waiting);
  else if (job.total == null && isRunning && job.done === 0) parts.push(t.transfers.preparing);
  else parts.push(job.total == null ? t.transfers.doneSoFar(job.done) : t.transfers.doneOf(job.done, job.total));
  if (pace !== null) parts.push(t.transfers.perSecond(pace));
  if (left !== null) parts.push(t.transfers.left(formatDuration(left)));
  if (job.startedAt && job.finishedAt && !job.undoneAt) {
    parts.push(t.transfers.took(formatDuration((Date.parse(job.finishedAt) - Date.parse(job.startedAt)) / 1_000)));
  }
  const isOpen = Boolean(IS_UNFINISHED[job.status]);
  return (
    <Stack gap={6}>
      <Progress.Root size="lg" aria-hidden={percent === null || undefined}>
        <Progress.Section
          value={percent ?? 100}
          color={job.status === "FAILED" ? "red" : isOpen ? undefined : "teal"}
          striped={percent === null}
          animated={isRunning && percent === null}
          aria-label={t.transfers.jobProgress}
        />
      </Progress.Root>
      <Group gap="xs">
        <Text size="sm" c="dimmed" className="tabular">
          {parts.join(" · ")}
        </Text>
      </Group>
    </Stack>
  );
}
