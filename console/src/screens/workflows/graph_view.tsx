import { Card, Grid, Skeleton } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";

import type { Graph } from "./graph";
import { NodeCard } from "./node_card";
import { NodeList } from "./node_list";
import { workflowRoute, type PageSearch } from "./routes";
import { wordsOf } from "./words";
import type { NodeFacts } from "./canvas";
import type { Workflow } from "./workflow_page";

const Canvas = lazy(() => import("./canvas").then((module) => ({ default: module.Canvas })));

/** The graph with its figures, as a drawing or as a list; the chosen node's figures beside it. */
export function GraphView({ workflow, graph, text, asList }: { workflow: Workflow; graph: Graph; text: string; asList: boolean }) {
  const { node: selected } = workflowRoute.useSearch();
  const navigate = workflowRoute.useNavigate();
  const words = useMemo(() => wordsOf(text, graph.nodes.map((node) => node.key)), [text, graph]);
  const facts = useMemo(() => factsOf(workflow), [workflow]);
  const select = (key: string | undefined) => void navigate({ search: (before: PageSearch) => ({ ...before, node: key }), replace: true });
  const node = graph.nodes.find((each) => each.key === selected);
  return (
    <Grid>
      <Grid.Col span={{ base: 12, md: node ? 8 : 12 }}>
        {asList ? (
          <NodeList graph={graph} words={words} facts={facts} selected={selected} onSelect={select} />
        ) : (
          <Suspense fallback={<Skeleton height={420} />}>
            <Canvas graph={graph} words={words} facts={facts} selected={selected} onSelect={select} />
          </Suspense>
        )}
      </Grid.Col>
      {node && (
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Card withBorder>
            <NodeCard workflow={workflow} graph={graph} node={node} onClose={() => select(undefined)} />
          </Card>
        </Grid.Col>
      )}
    </Grid>
  );
}

function factsOf(workflow: Workflow): ReadonlyMap<string, NodeFacts> {
  const facts = new Map<string, NodeFacts>();
  for (const stats of workflow.nodeStats) {
    facts.set(stats.nodeKey, {
      inside: stats.inside,
      outcomes: new Map(stats.outcomes.map((each) => [each.outcome, each.count])),
      blocks: 0,
      warnings: 0,
    });
  }
  return facts;
}
