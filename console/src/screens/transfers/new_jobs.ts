import { useRelayEnvironment } from "react-relay";
import { fetchQuery, graphql } from "relay-runtime";

import { useEvery, useReturn } from "../../relay/live";
import type { newJobsQuery, newJobsQuery$variables } from "../../__generated__/newJobsQuery.graphql";

const QUERY = graphql`
  query newJobsQuery($kind: JobKind, $status: JobStatus) {
    jobs(first: 1, kind: $kind, status: $status) {
      nodes {
        id
      }
    }
  }
`;

const EVERY_MS = 4_000;

/** Calls `onNew` when the newest job is another than `newest`: no subscription tells of jobs that others begin. */
export function useNewJobs(filters: newJobsQuery$variables, newest: string | undefined, onNew: () => void): void {
  const environment = useRelayEnvironment();
  useEvery(EVERY_MS, () => {
    fetchQuery<newJobsQuery>(environment, QUERY, filters, { fetchPolicy: "network-only" }).subscribe({
      next: ({ jobs }) => {
        if (jobs.nodes[0]?.id !== newest) onNew();
      },
      error: () => undefined,
    });
  });
  useReturn(onNew);
}
