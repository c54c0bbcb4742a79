import { expect, test } from "vitest";

import { addNode, connected, edgesOf, EMPTY_GRAPH, inOrder, insertNode, KINDS, kindOf, removeNode, type Graph } from "./graph";

const leadsNowhere = (graph: Graph) => {
  const keys = new Set(graph.nodes.map((node) => node.key));
  return graph.nodes.flatMap((node) => edgesOf(node)).filter((edge) => edge.to && !keys.has(edge.to));
};

test.each(KINDS)("a node of kind %s is put before the end and taken out again", (kind) => {
  const { graph, node } = insertNode(EMPTY_GRAPH, null, null, kind);
  expect(kindOf(node)).toBe(kind);
  expect(graph.start).toBe(node.key);
  expect(leadsNowhere(graph)).toEqual([]);
  if (kind === "end") return;
  expect(removeNode(graph, node.key)).toEqual(EMPTY_GRAPH);
});

test("keys of nodes are never given twice", () => {
  let graph = EMPTY_GRAPH;
  for (let count = 0; count < 20; count++) ({ graph } = addNode(graph, "waitFor", "end"));
  expect(new Set(graph.nodes.map((node) => node.key)).size).toBe(21);
});

test("a way out of a split is led elsewhere, and the others stay", () => {
  const { node } = addNode(EMPTY_GRAPH, "split", "end");
  const second = edgesOf(node)[1];
  if (!second) throw new Error("a split has two ways out");
  expect(edgesOf(connected(node, second.path, "there")).map((edge) => edge.to)).toEqual(["end", "there"]);
});

test("an optional way out is taken away by leading it nowhere", () => {
  const { node } = addNode(EMPTY_GRAPH, "send", "end");
  const failed = connected(node, ["failed"], "end");
  expect(edgesOf(failed).find((edge) => edge.outcome === "failed")?.to).toBe("end");
  expect(JSON.stringify(connected(failed, ["failed"], ""))).toBe(JSON.stringify(node));
});

test("nodes are listed along the ways out, each once, also in circles", () => {
  const { graph, node } = insertNode(EMPTY_GRAPH, null, null, "condition");
  const circle = { ...graph, nodes: graph.nodes.map((each) => (each.key === node.key ? connected(each, ["no"], node.key) : each)) };
  expect(inOrder(circle).map((each) => each.key)).toEqual(["condition", "end"]);
});

test("what leads to the same node comes before it", () => {
  const first = insertNode(EMPTY_GRAPH, null, null, "condition");
  const no = edgesOf(first.node)[1] ?? null;
  const { graph } = insertNode(first.graph, first.node.key, no, "wait");
  expect(inOrder(graph).map((each) => each.key)).toEqual(["condition", "wait", "end"]);
});
