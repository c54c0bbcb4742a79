import { Group, Stack, Text } from "@mantine/core";
import { useEffect, useEffectEvent } from "react";
import { graphql, useFragment } from "react-relay";

import { PathLink } from "../../components/path_link";
import { StatusBadge } from "../../components/status_badge";
import { wordOf } from "../../format/words";
import { useLive } from "../../relay/live";
import { useTexts } from "../../texts/texts";
import type { jobFragment_job$key } from "../../__generated__/jobFragment_job.graphql";
import type { runningJobs_query$key } from "../../__generated__/runningJobs_query.graphql";
import type { runningJobsSubscription } from "../../__generated__/runningJobsSubscription.graphql";
import { JOB } from "../transfers/job_fragment";
import { JobProgress } from "../transfers/job_progress";
import { STATUS_COLORS, titleOf } from "../transfers/job_words";
import { HomeCard } from "./home_card";

const LIVE = graphql`
  subscription runningJobsSubscription($id: ID!, $maySegments: Boolean!, $mayWorkflows: Boolean!) {
    jobProgress(id: $id) {
      id
      ...jobFragment_job
    }
  }
`;

type Variables = { maySegments: boolean; mayWorkflows: boolean };

/** Long work that runs or waits, each with how far it is; it moves by itself. */
export function RunningJobs({ query, variables, onEnded }: { query: runningJobs_query$key; variables: Variables; onEnded: () => void }) {
  const t = useTexts().home;
  const { running, queued } = useFragment(
    graphql`
      fragment runningJobs_query on Query {
        running: jobs(first: 10, status: RUNNING) @include(if: $mayJobs) {
          nodes {
            id
            ...jobFragment_job
          }
        }
        queued: jobs(first: 10, status: QUEUED) @include(if: $mayJobs) {
          nodes {
            id
            ...jobFragment_job
          }
        }
      }
    `,
    query,
  );
  const jobs = new Map([...(running?.nodes ?? []), ...(queued?.nodes ?? [])].map((job) => [job.id, job]));
  return (
    <HomeCard title={t.jobs.title} all={{ path: "/transfers", label: t.all }}>
      {jobs.size === 0 && (
        <Text size="sm" c="dimmed">
          {t.jobs.none}
        </Text>
      )}
      <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
        {[...jobs.values()].map((job) => (
          <JobLine key={job.id} id={job.id} job={job} variables={variables} onEnded={onEnded} />
        ))}
      </Stack>
    </HomeCard>
  );
}

function JobLine({ id, job, variables, onEnded }: { id: string; job: jobFragment_job$key; variables: Variables; onEnded: () => void }) {
  const t = useTexts();
  const data = useFragment(JOB, job);
  useLive<runningJobsSubscription>(LIVE, { id, maySegments: variables.maySegments, mayWorkflows: variables.mayWorkflows });
  const isOver = data.status === "SUCCEEDED" || data.status === "FAILED" || data.status === "CANCELLED";
  const ended = useEffectEvent(onEnded);
  useEffect(() => {
    if (!isOver) return;
    const timer = setTimeout(() => ended(), 3_000);
    return () => clearTimeout(timer);
  }, [isOver]);
  return (
    <li>
      <Group justify="space-between" gap="xs" mb={4} wrap="nowrap">
        <PathLink path={`/transfers/${id}`} size="sm" fw={600} truncate>
          {titleOf(t, data)}
        </PathLink>
        <StatusBadge color={STATUS_COLORS[data.status] ?? "gray"}>{wordOf(t.transfers.statuses, data.status)}</StatusBadge>
      </Group>
      <JobProgress job={data} />
    </li>
  );
}
