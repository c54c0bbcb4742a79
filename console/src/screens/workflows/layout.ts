import { graphlib, layout } from "@dagrejs/dagre";

import { edgesOf, type Graph } from "./graph";

export const BOX = { width: 232, height: 84 };
export const TRIGGER_PREFIX = "trigger:";
/** What the edge from a trigger is called, among the outcomes of nodes. */
export const ENTERS = "enters";

export type Point = { x: number; y: number };

/** Where the upper left corner of each box is, and through which points each edge goes, by `source>outcome`. */
export type Layout = {
  boxes: ReadonlyMap<string, Point>;
  edges: ReadonlyMap<string, { points: readonly Point[]; label: Point }>;
};

const LABEL = { width: 96, height: 24, labelpos: "c" };

/** Draws a graph from the top to the bottom; the same graph is always drawn the same. */
export function layoutOf(graph: Graph): Layout {
  const drawing = new graphlib.Graph({ multigraph: true });
  drawing.setGraph({ rankdir: "TB", nodesep: 40, ranksep: 40, marginx: 16, marginy: 16 });
  drawing.setDefaultEdgeLabel(() => ({}));
  const keys = new Set(graph.nodes.map((node) => node.key));
  for (const trigger of graph.triggers) drawing.setNode(TRIGGER_PREFIX + trigger.key, { ...BOX });
  for (const key of keys) drawing.setNode(key, { ...BOX });
  for (const trigger of graph.triggers) {
    const start = trigger.start ?? graph.start;
    if (keys.has(start)) drawing.setEdge(TRIGGER_PREFIX + trigger.key, start, { ...LABEL }, ENTERS);
  }
  for (const node of graph.nodes) {
    for (const edge of edgesOf(node)) if (keys.has(edge.to)) drawing.setEdge(node.key, edge.to, { ...LABEL }, edge.outcome);
  }
  layout(drawing);
  const boxes = new Map<string, Point>();
  for (const key of drawing.nodes()) {
    const { x, y } = drawing.node(key);
    boxes.set(key, { x: x - BOX.width / 2, y: y - BOX.height / 2 });
  }
  const edges = new Map<string, { points: Point[]; label: Point }>();
  for (const edge of drawing.edges()) {
    const { points, x, y } = drawing.edge(edge);
    edges.set(`${edge.v}>${edge.name ?? ""}`, { points, label: { x, y } });
  }
  return { boxes, edges };
}

/** A smooth line through the points, as the `d` of a path. */
export function pathThrough(points: readonly Point[]): string {
  const [first, ...others] = points;
  if (!first) return "";
  let d = `M${first.x},${first.y}`;
  others.forEach((point, index) => {
    const next = others[index + 1];
    if (!next) d += ` L${point.x},${point.y}`;
    else d += ` Q${point.x},${point.y} ${(point.x + next.x) / 2},${(point.y + next.y) / 2}`;
  });
  return d;
}
