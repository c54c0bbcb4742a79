import { Alert, Stack, Text } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { graphql } from "react-relay";

import { useLive } from "../../../relay/live";
import { useScreenQuery } from "../../../relay/screen_query";
import { useMay } from "../../../session/session";
import { useTexts } from "../../../texts/texts";
import type { testRunLiveSubscription } from "../../../__generated__/testRunLiveSubscription.graphql";
import type { testRunQuery, testRunQuery$data } from "../../../__generated__/testRunQuery.graphql";
import { kindOf, type Graph } from "../graph";
import type { Workflow } from "../workflow_page";
import { TestClock } from "./test_clock";
import { TestPeople } from "./test_people";
import { TestStart } from "./test_start";

const QUERY = graphql`
  query testRunQuery($id: ID!) {
    workflow(id: $id) {
      ...testRun_workflow @relay(mask: false)
    }
  }
`;

void graphql`
  fragment testRun_workflow on Workflow {
    id
    testRun {
      clock
      startedAt
      sends
      nextAt
      fidelity
      enrollments {
        ...people_enrollment @relay(mask: false)
      }
    }
  }
`;

/** Steps of test runs are in the log of steps, whoever moves the clock. */
const LIVE = graphql`
  subscription testRunLiveSubscription($ids: [ID!]!) {
    workflowSteps(workflowIds: $ids) {
      cursor
      test
    }
  }
`;

export type TestRun = NonNullable<NonNullable<testRunQuery$data["workflow"]>["testRun"]>;

/** Some contacts go through what is published, on a clock that one moves by hand. */
export function TestTab({ workflow }: { workflow: Workflow }) {
  const { testing: t, kind } = useTexts().workflows;
  const mayWrite = useMay("WORKFLOW_WRITE");
  const [data, reload] = useScreenQuery<testRunQuery>(QUERY, { id: workflow.id });
  const again = useDebouncedCallback(reload, 300);
  useLive<testRunLiveSubscription>(LIVE, { ids: [workflow.id] }, ({ workflowSteps }) => {
    if (workflowSteps.test) again();
  });
  const run = data.workflow?.testRun;
  if (!workflow.published) return <Text size="sm">{t.publishFirst}</Text>;
  if (!run) {
    if (workflow.status === "ARCHIVED") return <Text size="sm">{t.archived}</Text>;
    return mayWrite ? <TestStart workflowId={workflow.id} /> : <Text size="sm">{t.none}</Text>;
  }
  const graph = workflow.published.graph as Graph;
  return (
    <Stack>
      <TestClock workflowId={workflow.id} run={run} />
      {run.fidelity === "AS_OF_NOW" && <Alert color="yellow">{t.asOfNow}</Alert>}
      <TestPeople run={run} names={new Map(graph.nodes.map((node) => [node.key, node.label || kind[kindOf(node)]]))} />
    </Stack>
  );
}
