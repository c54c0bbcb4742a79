import { Button, CloseButton, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import { graphql } from "react-relay";

import { Select } from "../../components/choices";
import { confirm } from "../../components/confirm";
import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { formatDuration } from "../../format/moments";
import { formatNumber } from "../../format/numbers";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { nodeCardMoveMutation } from "../../__generated__/nodeCardMoveMutation.graphql";
import { kindOf, type Graph, type Node } from "./graph";
import type { Workflow } from "./workflow_page";

const MOVE = graphql`
  mutation nodeCardMoveMutation($workflowId: ID!, $fromKey: String!, $toKey: String!) {
    workflowContactsMove(workflowId: $workflowId, fromKey: $fromKey, toKey: $toKey) {
      changed
      job {
        id
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

/** One node: how many came, are here and left by which way; who they are; and a way to move them on. */
export function NodeCard({ workflow, graph, node, onClose }: { workflow: Workflow; graph: Graph; node: Node; onClose: () => void }) {
  const texts = useTexts();
  const t = texts.workflows;
  const mayWrite = useMay("WORKFLOW_WRITE", "CONTACT_READ");
  const stats = workflow.nodeStats.find((each) => each.nodeKey === node.key);
  const name = node.label || t.kind[kindOf(node)];
  return (
    <Stack gap="sm">
      <Group justify="space-between" wrap="nowrap">
        <Title order={2} size="h4">
          {name}
        </Title>
        <CloseButton aria-label={texts.common.close} onClick={onClose} />
      </Group>
      <Text size="sm" c="dimmed">
        {t.kindLead[kindOf(node)]}
      </Text>
      {stats && (
        <Table withRowBorders={false} verticalSpacing={4}>
          <Table.Tbody>
            <Line label={t.node.entered} value={formatNumber(stats.entered)} />
            <Line label={t.node.inside} value={formatNumber(stats.inside)} />
            {stats.outcomes.map((each) => (
              <Line key={each.outcome} label={`${t.node.left} “${t.outcome[each.outcome] ?? each.outcome}”`} value={formatNumber(each.count)} />
            ))}
            {stats.medianStaySeconds !== null && stats.medianStaySeconds !== undefined && (
              <Line label={t.node.median} value={formatDuration(stats.medianStaySeconds)} />
            )}
            {stats.nextWakeAt && <Line label={t.node.nextWake} value={<Moment at={stats.nextWakeAt} />} />}
          </Table.Tbody>
        </Table>
      )}
      <LinkTo to="/workflows/$workflowId" params={{ workflowId: workflow.id }} search={{ tab: "people", node: node.key }}>
        {t.node.people}
      </LinkTo>
      {mayWrite && stats !== undefined && stats.inside > 0 && <MoveForm workflow={workflow} graph={graph} node={node} inside={stats.inside} />}
    </Stack>
  );
}

function Line({ label, value }: { label: string; value: React.ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th fw={400}>{label}</Table.Th>
      <Table.Td className="numeric">{value}</Table.Td>
    </Table.Tr>
  );
}

function MoveForm({ workflow, graph, node, inside }: { workflow: Workflow; graph: Graph; node: Node; inside: number }) {
  const t = useTexts().workflows;
  const [to, setTo] = useState<string | null>(null);
  const [move, busy] = useMutationCall<nodeCardMoveMutation>(MOVE);
  const others = graph.nodes.filter((each) => each.key !== node.key);
  const run = async () => {
    const name = others.find((each) => each.key === to);
    if (!to || !name) return;
    const isSure = await confirm({
      title: t.node.moveTitle(inside),
      children: `${t.node.moveTo} “${name.label || t.kind[kindOf(name)]}”`,
      action: t.node.move,
    });
    if (!isSure) return;
    const answer = await move({ workflowId: workflow.id, fromKey: node.key, toKey: to });
    if (answer && !notifyRefusal(answer.workflowContactsMove.userErrors)) {
      notifyDone(t.node.moved(answer.workflowContactsMove.changed));
    }
  };
  return (
    <Group align="flex-end" gap="xs">
      <Select
        flex={1}
        label={t.node.moveTitle(inside)}
        data={others.map((each) => ({ value: each.key, label: each.label || `${t.kind[kindOf(each)]} (${each.key})` }))}
        value={to}
        onChange={setTo}
      />
      <Button variant="light" disabled={!to} loading={busy} onClick={() => void run()}>
        {t.node.move}
      </Button>
    </Group>
  );
}
