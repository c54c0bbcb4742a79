import { useEffect, useEffectEvent } from "react";
import { graphql, useFragment } from "react-relay";

import { useKit } from "../../components/use_kit";
import { useLive } from "../../relay/live";
import type { jobFragment_job$key } from "../../__generated__/jobFragment_job.graphql";
import type { runningJobs_query$key } from "../../__generated__/runningJobs_query.graphql";
import type { runningJobsSubscription } from "../../__generated__/runningJobsSubscription.graphql";
import { JOB } from "../transfers/job_fragment";
import { JobProgress } from "../transfers/job_progress";
import classes from "./home.module.css";
import { JobLine, Jobs, jobsOf } from "./home_parts";

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
  const kit = useKit();
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
  const jobs = jobsOf({ running, queued });
  return (
    <Jobs kit={kit}>
      {jobs.map((job) => (
        <LiveLine key={job.id} id={job.id} job={job} variables={variables} onEnded={onEnded} />
      ))}
    </Jobs>
  );
}

function LiveLine({ id, job, variables, onEnded }: { id: string; job: jobFragment_job$key; variables: Variables; onEnded: () => void }) {
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
    <JobLine
      kit={useKit()}
      job={data}
      progress={
        <div className={classes.progress}>
          <JobProgress job={data} />
        </div>
      }
    />
  );
}
