import "@xyflow/react/dist/base.css";

import { Text, useMantineColorScheme } from "@mantine/core";
import {
  Background,
  BaseEdge,
  Controls,
  Handle,
  MarkerType,
  Position,
  ReactFlow,
  type Edge,
  type EdgeProps,
  type Node as Drawn,
  type NodeProps,
  type ReactFlowInstance,
} from "@xyflow/react";
import { memo, useEffect, useMemo, useState } from "react";

import { Cut } from "../../components/cut";

import { formatNumber } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import classes from "./canvas.module.css";
import { edgesOf, eventKindOf, kindOf, type Graph, type Kind } from "./graph";
import { KindIcon } from "./kind_icon";
import { BOX, ENTERS, layoutOf, pathThrough, TRIGGER_PREFIX, type Layout, type Point } from "./layout";
import type { Words } from "./words";

/** What is known of a node besides the graph: how many are there and went which way, and its problems. */
export type NodeFacts = { inside: number; outcomes: ReadonlyMap<string, number>; blocks: number; warnings: number };

export type CanvasProps = {
  graph: Graph;
  words: Words;
  facts: ReadonlyMap<string, NodeFacts>;
  selected: string | undefined;
  onSelect: (key: string | undefined) => void;
};

type Box = { kind: Kind | "trigger"; title: string; text: string; inside?: number; blocks: number; warnings: number };

type Line = { points: readonly Point[]; at: Point };

const WHOLE = { maxZoom: 1, padding: 0.1 };
const NODE_TYPES = { box: memo(BoxNode) };
const EDGE_TYPES = { line: memo(LineEdge) };

/** The graph as a drawing: triggers above, ways downwards, how many are at each node. Every node can be reached by Tab. */
export function Canvas({ graph, words, facts, selected, onSelect }: CanvasProps) {
  const t = useTexts().workflows;
  const { colorScheme } = useMantineColorScheme();
  const layout = useMemo(() => layoutOf(graph), [graph]);
  const [flow, setFlow] = useState<ReactFlowInstance<Drawn<Box>, Edge<Line>> | null>(null);
  const size = graph.nodes.length + graph.triggers.length;
  useEffect(() => {
    if (size) void flow?.fitView(WHOLE);
  }, [flow, size]);
  const nodes = useMemo<Drawn<Box>[]>(() => {
    const drawn: Drawn<Box>[] = graph.triggers.map((trigger, index) => ({
      id: TRIGGER_PREFIX + trigger.key,
      type: "box",
      position: layout.boxes.get(TRIGGER_PREFIX + trigger.key) ?? { x: 0, y: 0 },
      data: {
        kind: "trigger",
        title: t.event[eventKindOf(trigger.on)],
        text: (words.triggers[index] ?? trigger.key).replace(/: go to [^ ]*\.$/, ""),
        blocks: 0,
        warnings: 0,
      },
      ...BOX,
      ariaLabel: `${t.trigger}: ${t.event[eventKindOf(trigger.on)]}`,
    }));
    for (const node of graph.nodes) {
      const kind = kindOf(node);
      const known = facts.get(node.key);
      const title = node.label || t.kind[kind];
      drawn.push({
        id: node.key,
        type: "box",
        position: layout.boxes.get(node.key) ?? { x: 0, y: 0 },
        selected: node.key === selected,
        data: {
          kind,
          title,
          text: words.nodes.get(node.key) ?? t.kindLead[kind],
          inside: known?.inside ?? 0,
          blocks: known?.blocks ?? 0,
          warnings: known?.warnings ?? 0,
        },
        ...BOX,
        ariaLabel: `${title}, ${t.counts.inside} ${formatNumber(known?.inside ?? 0)}`,
      });
    }
    return drawn;
  }, [graph, words, facts, selected, layout, t]);
  const edges = useMemo<Edge<Line>[]>(() => {
    const drawn: Edge<Line>[] = graph.triggers.map((trigger) => ({
      id: `${TRIGGER_PREFIX}${trigger.key}>${ENTERS}`,
      type: "line",
      data: lineOf(layout, `${TRIGGER_PREFIX}${trigger.key}>${ENTERS}`),
      source: TRIGGER_PREFIX + trigger.key,
      target: trigger.start ?? graph.start,
      markerEnd: { type: MarkerType.ArrowClosed },
    }));
    for (const node of graph.nodes) {
      for (const edge of edgesOf(node)) {
        if (!edge.to) continue;
        const count = facts.get(node.key)?.outcomes.get(edge.outcome);
        const label = edge.outcome === "next" ? "" : (t.outcome[edge.outcome] ?? edge.outcome);
        drawn.push({
          id: `${node.key}>${edge.outcome}`,
          type: "line",
          data: lineOf(layout, `${node.key}>${edge.outcome}`),
          source: node.key,
          target: edge.to,
          label: [label, count ? formatNumber(count) : ""].filter(Boolean).join(" · "),
          markerEnd: { type: MarkerType.ArrowClosed },
        });
      }
    }
    return drawn;
  }, [graph, facts, layout, t]);
  return (
    <div className={classes.canvas}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        colorMode={colorScheme === "auto" ? "system" : colorScheme}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        fitView
        fitViewOptions={WHOLE}
        minZoom={0.1}
        onInit={setFlow}
        onNodesChange={(changes) => {
          for (const change of changes) {
            if (change.type === "select" && change.selected) onSelect(change.id.startsWith(TRIGGER_PREFIX) ? undefined : change.id);
          }
        }}
        onPaneClick={() => onSelect(undefined)}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

function lineOf(layout: Layout, id: string): Line {
  const line = layout.edges.get(id);
  return { points: line?.points ?? [], at: line?.label ?? { x: 0, y: 0 } };
}

function LineEdge({ data, label, markerEnd }: EdgeProps<Edge<Line>>) {
  if (!data) return null;
  return (
    <BaseEdge
      path={pathThrough(data.points)}
      markerEnd={markerEnd}
      label={label}
      labelX={data.at.x}
      labelY={data.at.y}
      labelBgPadding={[6, 3]}
      labelBgBorderRadius={4}
    />
  );
}

function BoxNode({ data, selected }: NodeProps<Drawn<Box>>) {
  const t = useTexts().workflows;
  return (
    <div className={classes.box} data-kind={data.kind} data-selected={selected || undefined} data-blocks={data.blocks > 0 || undefined}>
      {data.kind !== "trigger" && <Handle type="target" position={Position.Top} isConnectable={false} />}
      <div className={classes.title}>
        <KindIcon kind={data.kind} />
        <Cut size="sm" fw={600}>{data.title}</Cut>
        {data.inside ? (
          <Text size="xs" className={classes.inside} title={t.counts.inside}>
            {formatNumber(data.inside)}
          </Text>
        ) : null}
      </div>
      <Cut size="xs" c="dimmed" lines={2}>
        {data.text}
      </Cut>
      {data.kind !== "end" && <Handle type="source" position={Position.Bottom} isConnectable={false} />}
    </div>
  );
}
