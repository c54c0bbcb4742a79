import { Alert, Card, Group, SimpleGrid, Stack, Tabs, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Suspense, useMemo } from "react";
import { graphql, useLazyLoadQuery } from "react-relay";

import { NotFound } from "../../app/failures";
import { PendingPart } from "../../app/pending";
import { ButtonTo, LinkTo } from "../../components/link";
import { Screen } from "../../components/screen";
import { TabStrip } from "../../components/tab_strip";
import { formatDuration } from "../../format/moments";
import { useMoments } from "../../format/use_moments";
import { formatNumber } from "../../format/numbers";
import { useLive } from "../../relay/live";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { workflowPageLiveSubscription } from "../../__generated__/workflowPageLiveSubscription.graphql";
import type { workflowPageQuery, workflowPageQuery$data } from "../../__generated__/workflowPageQuery.graphql";
import { GraphView } from "./graph_view";
import type { Graph } from "./graph";
import { WorkflowActions } from "./workflow_actions";
import { PeopleTab } from "./people";
import { TABS, workflowRoute, type Tab } from "./routes";
import { StepsTab } from "./steps";
import { TestTab } from "./test_run/test_run";
import { TryTab } from "./try_tab";
import { VersionsTab } from "./versions";
import { WorkflowState } from "./workflow_state";

const QUERY = graphql`
  query workflowPageQuery($id: ID!) {
    workflow(id: $id) {
      id
      name
      description
      status
      reason
      version
      draft
      draftText
      activatesAt
      problems {
        blocks
        nodeKey
        code
        message
      }
      published {
        id
        number
        graph
        text
      }
      testSegment {
        id
        name
      }
      segments {
        id
        name
      }
      ...workflowPage_figures @relay(mask: false)
      ...workflowActions_workflow
    }
    workflowSteps(first: 1, fromNow: true) {
      cursor
    }
  }
`;

/** What moves while people go through. */
const LIVE = graphql`
  subscription workflowPageLiveSubscription($id: ID!) {
    workflowProgress(id: $id) {
      id
      status
      reason
      ...workflowPage_figures @relay(mask: false)
    }
  }
`;

void graphql`
  fragment workflowPage_figures on Workflow {
    lagSeconds
    counts {
      entered
      inside
      waiting
      held
      failed
      ended
      goal
      turnedAway {
        reason
        count
      }
    }
    nodeStats {
      nodeKey
      label
      entered
      inside
      nextWakeAt
      medianStaySeconds
      outcomes {
        outcome
        count
      }
    }
  }
`;

export type Workflow = NonNullable<workflowPageQuery$data["workflow"]>;

export function WorkflowPage() {
  const { workflowId } = workflowRoute.useParams();
  const { workflow, workflowSteps } = useLazyLoadQuery<workflowPageQuery>(QUERY, { id: workflowId }, { fetchPolicy: "store-and-network" });
  if (!workflow) return <NotFound />;
  return <Page key={workflow.id} workflow={workflow} since={workflowSteps.cursor} />;
}

function Page({ workflow, since }: { workflow: Workflow; since: string }) {
  const t = useTexts().workflows;
  const { moment } = useMoments();
  const { tab = "graph" } = workflowRoute.useSearch();
  const navigate = workflowRoute.useNavigate();
  const mayWrite = useMay("WORKFLOW_WRITE");
  useLive<workflowPageLiveSubscription>(LIVE, workflow.status === "ARCHIVED" ? null : { id: workflow.id });
  const graph = (workflow.published?.graph ?? workflow.draft) as Graph;
  const text = workflow.published?.text ?? workflow.draftText;
  const differs = useMemo(
    () => workflow.published && JSON.stringify(workflow.published.graph) !== JSON.stringify(workflow.draft),
    [workflow.published, workflow.draft],
  );
  return (
    <Screen
      title={
        <Group gap="sm" component="span">
          {workflow.name}
          <WorkflowState t={useTexts()} status={workflow.status} />
        </Group>
      }
      lead={workflow.description ?? (workflow.status === "DRAFT" && workflow.published ? t.readyLead : t.statusLead[workflow.status])}
      actions={
        mayWrite && (
          <>
            <ButtonTo variant="default" to="/workflows/$workflowId/edit" params={{ workflowId: workflow.id }}>
              {t.edit}
            </ButtonTo>
            <WorkflowActions workflow={workflow} />
          </>
        )
      }
    >
      {workflow.reason && (
        <Alert color="yellow" icon={<IconAlertTriangle />} title={t.status[workflow.status]}>
          {workflow.reason}
        </Alert>
      )}
      {workflow.activatesAt && <Alert>{t.startsLater(moment(workflow.activatesAt))}</Alert>}
      {workflow.testSegment && (
        <Alert>
          <LinkTo to={`/segments/${workflow.testSegment.id}` as "/"}>{t.testers(workflow.testSegment.name)}</LinkTo>
        </Alert>
      )}
      <Figures workflow={workflow} />
      <Tabs value={tab} onChange={(next) => void navigate({ search: { tab: (next as Tab | null) ?? undefined }, replace: true })} keepMounted={false}>
        <TabStrip shown={tab}>
          {TABS.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {t.tabs[each]}
            </Tabs.Tab>
          ))}
        </TabStrip>
        <Stack pt="md">
          {(tab === "graph" || tab === "list") && (
            <>
              {!workflow.published && <Text size="sm">{t.neverPublished}</Text>}
              {differs && <Text size="sm">{t.draftDiffers}</Text>}
              <GraphView workflow={workflow} graph={graph} text={text} asList={tab === "list"} />
            </>
          )}
          <Suspense fallback={<PendingPart />}>
            {tab === "people" && <PeopleTab workflow={workflow} graph={graph} />}
            {tab === "steps" && <StepsTab workflowId={workflow.id} since={since} graph={graph} />}
            {tab === "versions" && <VersionsTab workflowId={workflow.id} />}
            {tab === "try" && <TryTab workflow={workflow} />}
            {tab === "test" && <TestTab workflow={workflow} />}
          </Suspense>
        </Stack>
      </Tabs>
    </Screen>
  );
}

function Figures({ workflow }: { workflow: Workflow }) {
  const t = useTexts().workflows;
  const { counts, lagSeconds } = workflow;
  return (
    <>
      <SimpleGrid cols={{ base: 2, xs: 3, md: 7 }} spacing="xs" component="dl" m={0}>
        {(["entered", "inside", "waiting", "held", "failed", "ended", "goal"] as const).map((each) => (
          <Card key={each} withBorder padding="xs">
            <Text component="dt" size="xs" c="dimmed">
              {t.counts[each]}
            </Text>
            <Text component="dd" m={0} fw={650} size="lg" c={each === "failed" && counts.failed ? "red" : undefined}>
              {formatNumber(counts[each])}
            </Text>
          </Card>
        ))}
      </SimpleGrid>
      {lagSeconds > 10 && (
        <Alert color="yellow" role="status">
          {t.lag(formatDuration(lagSeconds))}
        </Alert>
      )}
    </>
  );
}
