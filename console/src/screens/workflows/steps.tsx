import { Table, Text } from "@mantine/core";
import { useState } from "react";
import { graphql } from "react-relay";

import { Moment } from "../../components/moment";
import { useLive } from "../../relay/live";
import { useTexts } from "../../texts/texts";
import type { stepsSubscription, stepsSubscription$data } from "../../__generated__/stepsSubscription.graphql";
import { kindOf, type Graph } from "./graph";

const LIVE = graphql`
  subscription stepsSubscription($ids: [ID!]!, $after: StepCursor) {
    workflowSteps(workflowIds: $ids, after: $after) {
      cursor
      at
      nodeKey
      outcome
      contact {
        id
        name
        email
        phone
      }
    }
  }
`;

type Step = stepsSubscription$data["workflowSteps"];
const SHOWN = 200;

/** The steps after the cursor `since`, the newest first; none is missed while the server is away. */
export function StepsTab({ workflowId, since, graph }: { workflowId: string; since: string; graph: Graph }) {
  const t = useTexts().workflows;
  const [steps, setSteps] = useState<readonly Step[]>([]);
  const [after] = useState(since);
  useLive<stepsSubscription>(LIVE, { ids: [workflowId], after }, ({ workflowSteps: step }) => {
    setSteps((before) => (before.some((each) => each.cursor === step.cursor) ? before : [step, ...before].slice(0, SHOWN)));
  });
  const names = new Map(graph.nodes.map((node) => [node.key, node.label || t.kind[kindOf(node)]]));
  if (steps.length === 0) {
    return (
      <Text c="dimmed" role="status">
        {t.steps.empty}
      </Text>
    );
  }
  return (
    <Table aria-label={t.steps.title}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t.steps.at}</Table.Th>
          <Table.Th>{t.steps.contact}</Table.Th>
          <Table.Th>{t.steps.node}</Table.Th>
          <Table.Th>{t.steps.outcome}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {steps.map((step) => (
          <Table.Tr key={step.cursor}>
            <Table.Td>
              <Moment at={step.at} />
            </Table.Td>
            <Table.Td>{step.contact ? step.contact.name || step.contact.email || step.contact.phone : t.people.deleted}</Table.Td>
            <Table.Td>{names.get(step.nodeKey) ?? step.nodeKey}</Table.Td>
            <Table.Td>{t.outcome[step.outcome] ?? step.outcome}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
