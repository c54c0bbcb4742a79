import { Alert, Button, Card, Grid, Group, List, Menu, Skeleton, Stack, Text } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconArrowBackUp, IconArrowForwardUp, IconPlus } from "@tabler/icons-react";
import { lazy, Suspense, useMemo } from "react";
import { graphql, useLazyLoadQuery } from "react-relay";

import { NotFound } from "../../app/failures";
import { ButtonTo } from "../../components/link";
import { Screen } from "../../components/screen";
import { Segments } from "../../components/segments";
import { useTexts } from "../../texts/texts";
import type { workflowEditorQuery, workflowEditorQuery$data } from "../../__generated__/workflowEditorQuery.graphql";
import type { workflowEditorTheirsQuery } from "../../__generated__/workflowEditorTheirsQuery.graphql";
import type { NodeFacts } from "./canvas";
import { edgesOf, insertNode, KINDS, type Edge, type Graph, type Kind, type Node } from "./graph";
import { KindIcon } from "./kind_icon";
import { NodeForm } from "./node_form";
import { NodeList } from "./node_list";
import { OptionsProvider } from "./options";
import { PublishDialog } from "./publish_dialog";
import { workflowEditRoute, type EditSearch } from "./routes";
import { useDraft, type Draft } from "./use_draft";
import { wordsOf } from "./words";
import { WorkflowSettings } from "./workflow_settings";

const Canvas = lazy(() => import("./canvas").then((module) => ({ default: module.Canvas })));

const QUERY = graphql`
  query workflowEditorQuery($id: ID!) {
    workflow(id: $id) {
      id
      name
      status
      version
      draft
      draftText
      problems {
        blocks
        nodeKey
        code
        message
      }
    }
  }
`;

type Workflow = NonNullable<workflowEditorQuery$data["workflow"]>;

export function WorkflowEditor() {
  const { workflowId } = workflowEditRoute.useParams();
  const { workflow } = useLazyLoadQuery<workflowEditorQuery>(QUERY, { id: workflowId }, { fetchPolicy: "store-and-network" });
  if (!workflow) return <NotFound />;
  return (
    <OptionsProvider>
      <Editor key={workflow.id} workflow={workflow} />
    </OptionsProvider>
  );
}

function Editor({ workflow }: { workflow: Workflow }) {
  const t = useTexts().workflows;
  const { node: selected, view } = workflowEditRoute.useSearch();
  const navigate = workflowEditRoute.useNavigate();
  const draft = useDraft(workflow);
  const [publishing, publishDialog] = useDisclosure();
  const { graph } = draft;
  useHotkeys([
    ["mod+Z", draft.undo],
    ["mod+shift+Z", draft.redo],
  ]);
  const problems = useMemo(() => problemsOf(workflow, draft), [workflow, draft]);
  const facts = useMemo(() => factsOf(problems), [problems]);
  const words = useMemo(() => wordsOf(workflow.draftText, graph.nodes.map((node) => node.key)), [workflow.draftText, graph]);
  const select = (key: string | undefined) => void navigate({ search: (before: EditSearch) => ({ ...before, node: key }), replace: true });
  const node = graph.nodes.find((each) => each.key === selected);
  const insert = (from: string | null, edge: Edge | null, kind: Kind) => {
    const added = insertNode(graph, from, edge, kind);
    draft.edit(added.graph);
    select(added.node.key);
  };
  const blocking = problems.filter((problem) => problem.blocks).length;
  return (
    <Screen
      title={t.editor.title(workflow.name)}
      lead={<SaveState draft={draft} />}
      actions={
        <>
          <Button variant="default" aria-label={t.editor.undo} disabled={draft.past.length === 0} onClick={draft.undo}>
            <IconArrowBackUp size={16} />
          </Button>
          <Button variant="default" aria-label={t.editor.redo} disabled={draft.future.length === 0} onClick={draft.redo}>
            <IconArrowForwardUp size={16} />
          </Button>
          <ButtonTo variant="default" to="/workflows/$workflowId" params={{ workflowId: workflow.id }}>
            {t.editor.done}
          </ButtonTo>
          <Button disabled={!draft.isSaved || blocking > 0} onClick={publishDialog.open}>
            {t.publish}
          </Button>
        </>
      }
    >
      {draft.conflict && <Conflict workflowId={workflow.id} draft={draft} />}
      <Problems problems={problems} graph={graph} onSelect={select} />
      <Group justify="space-between">
        <Segments
          value={view ?? "canvas"}
          onChange={(next) => void navigate({ search: (before: EditSearch) => ({ ...before, view: next === "list" ? "list" : undefined }), replace: true })}
          choices={[
            { value: "canvas", label: t.editor.canvas },
            { value: "list", label: t.editor.list },
          ]}
        />
        <AddMenu node={node} onAdd={insert} />
      </Group>
      <Grid>
        <Grid.Col span={{ base: 12, md: 7, xl: 8 }}>
          {view === "list" ? (
            <NodeList graph={graph} words={words} facts={facts} selected={selected} onSelect={select} />
          ) : (
            <Suspense fallback={<Skeleton height={420} />}>
              <Canvas graph={graph} words={words} facts={facts} selected={selected} onSelect={select} />
            </Suspense>
          )}
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5, xl: 4 }}>
          <Card withBorder>
            {node ? (
              <NodeForm key={node.key} graph={graph} node={node} onChange={draft.edit} onClose={() => select(undefined)} />
            ) : (
              <Stack>
                <Text size="sm" c="dimmed">
                  {t.editor.selectNode}
                </Text>
                <WorkflowSettings graph={graph} onChange={draft.edit} />
              </Stack>
            )}
          </Card>
        </Grid.Col>
      </Grid>
      {publishing && <PublishDialog workflowId={workflow.id} onClose={publishDialog.close} />}
    </Screen>
  );
}

function SaveState({ draft }: { draft: Draft }) {
  const t = useTexts().workflows.editor;
  const state = draft.isSaving ? t.saving : draft.isSaved ? t.saved : t.unsaved;
  return (
    <span role="status">
      {state}
      {!draft.isSaved && !draft.isSaving && draft.refusals[0] && !draft.conflict ? `: ${draft.refusals[0].message}` : ""}
    </span>
  );
}

function AddMenu({ node, onAdd }: { node: Node | undefined; onAdd: (from: string | null, edge: Edge | null, kind: Kind) => void }) {
  const t = useTexts().workflows;
  const ways: { label: string; from: string | null; edge: Edge | null }[] = node
    ? edgesOf(node).map((edge) => ({
        label: edge.outcome === "next" ? t.editor.addAfterIt : t.editor.addNodeAfter(t.outcome[edge.outcome] ?? edge.outcome),
        from: node.key,
        edge,
      }))
    : [{ label: t.editor.addBefore, from: null, edge: null }];
  return (
    <Group gap="xs">
      {ways.map((way) => (
        <Menu key={way.label} position="bottom-end" width={300}>
          <Menu.Target>
            <Button size="xs" variant="light" leftSection={<IconPlus size={14} />}>
              {way.label}
            </Button>
          </Menu.Target>
          <Menu.Dropdown mah={420} style={{ overflowY: "auto" }}>
            {KINDS.map((kind) => (
              <Menu.Item key={kind} leftSection={<KindIcon kind={kind} />} onClick={() => onAdd(way.from, way.edge, kind)}>
                <Text size="sm" fw={500}>
                  {t.kind[kind]}
                </Text>
                <Text size="xs" c="dimmed">
                  {t.kindLead[kind]}
                </Text>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      ))}
    </Group>
  );
}

type Problem = { blocks: boolean; nodeKey: string | null; message: string };

/** What the server says of the saved draft, and why it does not take what is not saved yet. */
function problemsOf(workflow: Workflow, draft: Draft): Problem[] {
  const refused = draft.refusals
    .filter((error) => error.code !== "CONFLICT")
    .map((error) => {
      const path = error.field ?? [];
      const key = draft.graph.nodes[Number(path[path.indexOf("nodes") + 1])]?.key;
      return { blocks: true, nodeKey: key ?? null, message: error.message };
    });
  return [...refused, ...workflow.problems.map(({ blocks, nodeKey, message }) => ({ blocks, nodeKey: nodeKey ?? null, message }))];
}

function factsOf(problems: readonly Problem[]): ReadonlyMap<string, NodeFacts> {
  const facts = new Map<string, NodeFacts>();
  for (const { nodeKey, blocks } of problems) {
    if (!nodeKey) continue;
    const before = facts.get(nodeKey) ?? { inside: 0, outcomes: new Map(), blocks: 0, warnings: 0 };
    facts.set(nodeKey, { ...before, blocks: before.blocks + (blocks ? 1 : 0), warnings: before.warnings + (blocks ? 0 : 1) });
  }
  return facts;
}

function Problems({ problems, graph, onSelect }: { problems: readonly Problem[]; graph: Graph; onSelect: (key: string) => void }) {
  const t = useTexts().workflows;
  if (problems.length === 0) return null;
  const blocks = problems.some((problem) => problem.blocks);
  return (
    <Alert color={blocks ? "red" : "yellow"} title={t.editor.problems(problems.length)}>
      <List size="sm" spacing={4}>
        {problems.map((problem) => {
          const node = graph.nodes.find((each) => each.key === problem.nodeKey);
          return (
            <List.Item key={`${problem.nodeKey} ${problem.message}`}>
              {node && (
                <Button variant="subtle" size="compact-xs" onClick={() => onSelect(node.key)}>
                  {node.label || node.key}
                </Button>
              )}{" "}
              {problem.message} ({problem.blocks ? t.editor.blocks : t.editor.warning})
            </List.Item>
          );
        })}
      </List>
    </Alert>
  );
}

const THEIRS = graphql`
  query workflowEditorTheirsQuery($id: ID!) {
    workflow(id: $id) {
      version
      draft
      updatedAt
    }
  }
`;

/** Somebody else saved first: says so, and asks which draft is kept. */
function Conflict({ workflowId, draft }: { workflowId: string; draft: Draft }) {
  const t = useTexts().workflows.editor;
  const { workflow } = useLazyLoadQuery<workflowEditorTheirsQuery>(
    THEIRS,
    { id: workflowId },
    { fetchPolicy: "network-only" },
  );
  if (!workflow) return null;
  return (
    <Alert color="yellow" role="alert" title={t.conflict}>
      <Group>
        <Button size="xs" variant="default" onClick={() => draft.take(workflow.draft as Graph, workflow.version)}>
          {t.takeTheirs}
        </Button>
        <Button size="xs" color="red" variant="light" onClick={() => draft.overwrite(workflow.version)}>
          {t.overwrite}
        </Button>
      </Group>
    </Alert>
  );
}
