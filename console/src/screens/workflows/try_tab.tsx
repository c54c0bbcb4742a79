import { Alert, Badge, Button, Card, Group, NumberInput, Progress, SimpleGrid, Stack, Table, Text, Timeline, Title } from "@mantine/core";
import { useState } from "react";
import { graphql } from "react-relay";

import { ContactSelect } from "../../components/contact_select";
import { Moment } from "../../components/moment";
import { messageOf, notifyRefusal } from "../../components/notify";
import { formatDay } from "../../format/moments";
import { useMoments } from "../../format/use_moments";
import { formatNumber } from "../../format/numbers";
import { wordOf } from "../../format/words";
import { useMutationCall } from "../../relay/commit";
import { useLive } from "../../relay/live";
import { useRead } from "../../relay/read";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { tryTabBacktestMutation } from "../../__generated__/tryTabBacktestMutation.graphql";
import type { tryTabBacktestSubscription, tryTabBacktestSubscription$data } from "../../__generated__/tryTabBacktestSubscription.graphql";
import type { tryTabSimulateQuery } from "../../__generated__/tryTabSimulateQuery.graphql";
import { kindOf, type Graph } from "./graph";
import type { Workflow } from "./workflow_page";

/** Tries the draft without touching anything: one contact walked through, or the past played. */
export function TryTab({ workflow }: { workflow: Workflow }) {
  const mayReadContacts = useMay("CONTACT_READ");
  const mayWrite = useMay("WORKFLOW_WRITE");
  const graph = workflow.draft as Graph;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      {mayReadContacts && <Simulation graph={graph} />}
      {mayWrite && <Backtest graph={graph} />}
    </SimpleGrid>
  );
}

const SIMULATE = graphql`
  query tryTabSimulateQuery($graph: WorkflowGraphInput!, $contactId: ID!) {
    workflowSimulate(graph: $graph, contactId: $contactId) {
      end
      endsAt
      steps {
        nodeKey
        at
        outcome
        text
        fidelity
      }
    }
  }
`;

function Simulation({ graph }: { graph: Graph }) {
  const t = useTexts().workflows;
  const { moment } = useMoments();
  const [contact, setContact] = useState<string | null>(null);
  const { data, error } = useRead<tryTabSimulateQuery>(SIMULATE, contact ? { graph: graph as never, contactId: contact } : null);
  const path = data?.workflowSimulate;
  const names = new Map(graph.nodes.map((node) => [node.key, node.label || t.kind[kindOf(node)]]));
  return (
    <Card withBorder>
      <Stack>
        <div>
          <Title order={2} size="h5">
            {t.trying.simulate}
          </Title>
          <Text size="sm" c="dimmed">
            {t.trying.simulateLead}
          </Text>
        </div>
        <ContactSelect label={t.trying.contact} placeholder={t.people.choose} value={contact} onChange={(chosen) => setContact(chosen?.id ?? null)} />
        {error && (
          <Alert color="red" role="alert">
            {messageOf(error)}
          </Alert>
        )}
        {path && (
          <Stack role="status">
            <Timeline bulletSize={14} lineWidth={2} active={path.steps.length}>
              {path.steps.map((step) => (
                <Timeline.Item
                  key={`${step.nodeKey} ${step.at}`}
                  title={`${names.get(step.nodeKey) ?? step.nodeKey} → ${t.outcome[step.outcome] ?? step.outcome}`}
                >
                  <Text size="sm">{step.text}</Text>
                  <Text size="xs" c="dimmed" component="div">
                    <Moment at={step.at} exact /> {step.fidelity === "AS_OF_NOW" && <Badge size="xs">{t.trying.asOfNow}</Badge>}
                  </Text>
                </Timeline.Item>
              ))}
            </Timeline>
            <Text size="sm" fw={600}>
              {path.end && path.endsAt ? t.trying.ends(t.end[path.end], moment(path.endsAt)) : t.trying.stays}
            </Text>
          </Stack>
        )}
      </Stack>
    </Card>
  );
}

const BACKTEST = graphql`
  mutation tryTabBacktestMutation($graph: WorkflowGraphInput!, $from: DateTime!, $to: DateTime!) {
    workflowBacktest(graph: $graph, from: $from, to: $to) {
      job {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

const PROGRESS = graphql`
  subscription tryTabBacktestSubscription($id: ID!) {
    jobProgress(id: $id) {
      id
      status
      done
      total
      error
      ... on WorkflowBacktestJob {
        wouldEnter
        fidelity
        perDay {
          day
          count
        }
        turnedAway {
          reason
          count
        }
        nodeStats {
          nodeKey
          label
          entered
          inside
        }
      }
    }
  }
`;

type BacktestJob = tryTabBacktestSubscription$data["jobProgress"];

function Backtest({ graph }: { graph: Graph }) {
  const t = useTexts().workflows;
  const [days, setDays] = useState<number | string>(30);
  const [id, setId] = useState<string | null>(null);
  const [job, setJob] = useState<BacktestJob | null>(null);
  const [start, busy] = useMutationCall<tryTabBacktestMutation>(BACKTEST);
  useLive<tryTabBacktestSubscription>(PROGRESS, id ? { id } : null, (answer) => setJob(answer.jobProgress));
  const run = async () => {
    const to = new Date();
    const from = new Date(to.getTime() - Number(days) * 86_400_000);
    const answer = await start({ graph: graph as never, from: from.toISOString(), to: to.toISOString() });
    if (!answer || notifyRefusal(answer.workflowBacktest.userErrors)) return;
    setJob(null);
    setId(answer.workflowBacktest.job?.id ?? null);
  };
  const isRunning = id !== null && (!job || job.status === "QUEUED" || job.status === "RUNNING");
  return (
    <Card withBorder>
      <Stack>
        <div>
          <Title order={2} size="h5">
            {t.trying.backtest}
          </Title>
          <Text size="sm" c="dimmed">
            {t.trying.backtestLead}
          </Text>
        </div>
        <Group align="flex-end">
          <NumberInput label={t.trying.days} min={1} max={400} value={days} onChange={setDays} w={120} />
          <Button variant="light" loading={busy || isRunning} disabled={!days} onClick={() => void run()}>
            {t.trying.start}
          </Button>
        </Group>
        {isRunning && <Progress value={job?.total ? (100 * job.done) / job.total : 100} animated aria-label={t.trying.backtest} />}
        {job?.error && (
          <Alert color="red" role="alert" title={t.trying.failed}>
            {job.error}
          </Alert>
        )}
        {job?.status === "SUCCEEDED" && job.wouldEnter !== undefined && <BacktestResult job={job} />}
      </Stack>
    </Card>
  );
}

function BacktestResult({ job }: { job: BacktestJob }) {
  const t = useTexts().workflows;
  return (
    <Stack role="status" gap="xs">
      <Text fw={600}>
        {t.trying.wouldEnter(job.wouldEnter ?? 0)} {job.fidelity === "AS_OF_NOW" && <Badge size="xs">{t.trying.asOfNow}</Badge>}
      </Text>
      <FigureTable title={t.trying.perDay} rows={(job.perDay ?? []).map((each) => [formatDay(`${each.day}T12:00:00Z`, "UTC"), each.count])} />
      <FigureTable title={t.trying.turnedAway} rows={(job.turnedAway ?? []).map((each) => [wordOf({}, each.reason), each.count])} />
      <FigureTable title={t.trying.atNodes} rows={(job.nodeStats ?? []).map((each) => [each.label || each.nodeKey, each.inside])} />
    </Stack>
  );
}

function FigureTable({ title, rows }: { title: string; rows: (readonly [string, number])[] }) {
  if (rows.length === 0) return null;
  return (
    <Table captionSide="top" withRowBorders={false} verticalSpacing={2}>
      <Table.Caption ta="left">{title}</Table.Caption>
      <Table.Tbody>
        {rows.map(([label, count]) => (
          <Table.Tr key={label}>
            <Table.Td>{label}</Table.Td>
            <Table.Td className="numeric">{formatNumber(count)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
