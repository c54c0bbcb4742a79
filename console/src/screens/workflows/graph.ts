/** The graph of a workflow as the API has it (WorkflowGraphInput), and what can be done to it without the server. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Rule = Record<string, unknown>;

export type Event = {
  segmentEntered?: string;
  segmentLeft?: string;
  activity?: { kind: string; where?: unknown[] };
  contactCreated?: boolean;
  fieldChanged?: string[];
  tagAdded?: string;
  tagRemoved?: string;
  date?: { field: string; offset?: string | null; before?: boolean; yearly?: boolean; at?: string | null };
  schedule?: { rrule: string; segmentId: string };
  messageStatus?: { nodeKey?: string | null; broadcastId?: string | null; status: string };
  manual?: boolean;
};
export type EventKind = keyof Event;

export type Trigger = { key: string; on: Event; start?: string | null };

export type Kind =
  | "condition"
  | "branch"
  | "split"
  | "wait"
  | "waitUntil"
  | "waitFor"
  | "segmentAdd"
  | "segmentRemove"
  | "segmentKeep"
  | "tagsChange"
  | "fieldSet"
  | "activityRecord"
  | "send"
  | "webhook"
  | "enroll"
  | "end";

/** The settings of one node; which keys there are depends on its kind. */
export type Settings = Record<string, unknown>;

export type Node = {
  key: string;
  label?: string | null;
  layout?: unknown;
  limit?: { perContact?: number | null; total?: number | null; cooldown?: string | null; next?: string | null } | null;
  do: Partial<Record<Kind, Settings>>;
};

export type Graph = {
  triggers: Trigger[];
  start: string;
  nodes: Node[];
  zone?: "WORKSPACE" | "CONTACT";
  entryRule?: Rule | null;
  reentry?: { policy: string; cooldown?: string | null; maxPerContact?: number | null; key?: string | null } | null;
  goal?: { event?: Event | null; rule?: Rule | null; within?: string | null; continueAfter?: boolean } | null;
  exits?: { event?: Event | null; rule?: Rule | null; leavesTrigger?: boolean }[];
  sendWindow?: { from: string; to: string; weekdays?: number[]; exceptDays?: string[] } | null;
  controlPercent?: number;
  maxStay?: string;
};

export const KINDS: readonly Kind[] = [
  "wait",
  "waitUntil",
  "waitFor",
  "condition",
  "branch",
  "split",
  "send",
  "webhook",
  "segmentAdd",
  "segmentRemove",
  "segmentKeep",
  "tagsChange",
  "fieldSet",
  "activityRecord",
  "enroll",
  "end",
];

/** One way out of a node: its outcome as in the figures, and the key of the node that it leads to ("" when it leads nowhere yet). */
export type Edge = { outcome: string; to: string; path: (string | number)[]; optional?: boolean };

const OPTIONAL: Partial<Record<Kind, string[]>> = { waitUntil: ["skip"], send: ["skipped", "failed"], webhook: ["failed"] };
const REQUIRED: Partial<Record<Kind, string[]>> = { condition: ["yes", "no"], waitFor: ["next", "timedOut"], end: [], split: [], branch: [] };

export function kindOf(node: Node): Kind {
  return (Object.keys(node.do)[0] ?? "end") as Kind;
}

export function settingsOf(node: Node): Settings {
  return node.do[kindOf(node)] ?? {};
}

type Named = { name: string; next: string };

export function edgesOf(node: Node): Edge[] {
  const kind = kindOf(node);
  const settings = settingsOf(node);
  const edges: Edge[] = [];
  const lists = kind === "branch" ? "cases" : kind === "split" ? "shares" : null;
  if (lists) {
    ((settings[lists] ?? []) as Named[]).forEach((part, index) => {
      edges.push({ outcome: part.name, to: part.next, path: [lists, index, "next"] });
    });
  }
  if (kind === "branch") edges.push({ outcome: "otherwise", to: String(settings.otherwise ?? ""), path: ["otherwise"] });
  for (const outcome of REQUIRED[kind] ?? ["next"]) edges.push({ outcome, to: String(settings[outcome] ?? ""), path: [outcome] });
  for (const outcome of OPTIONAL[kind] ?? []) {
    edges.push({ outcome, to: String(settings[outcome] ?? ""), path: [outcome], optional: true });
  }
  return edges;
}

/** Returns the node with one way out leading to another node; "" takes an optional one away. */
export function connected(node: Node, path: Edge["path"], to: string): Node {
  const kind = kindOf(node);
  return { ...node, do: { [kind]: replaced(settingsOf(node), path, to || undefined) } };
}

function replaced<T>(value: T, path: (string | number)[], to: unknown): T {
  const [head, ...rest] = path;
  if (head === undefined) return to as T;
  if (Array.isArray(value)) {
    return value.map((item, index) => (index === head ? replaced(item, rest, to) : item)) as T;
  }
  const before = (value ?? {}) as Record<string, unknown>;
  return { ...before, [head]: replaced(before[head as string], rest, to) } as T;
}

export function withSettings(node: Node, change: Settings): Node {
  return { ...node, do: { [kindOf(node)]: { ...settingsOf(node), ...change } } };
}

export function replaceNode(graph: Graph, node: Node): Graph {
  return { ...graph, nodes: graph.nodes.map((each) => (each.key === node.key ? node : each)) };
}

/** A key that no node has yet, such as `wait_2`. */
export function freeKey(graph: Graph, kind: Kind): string {
  const base = kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const taken = new Set(graph.nodes.map((node) => node.key));
  for (let number = 1; ; number++) {
    const key = number === 1 ? base : `${base}_${number}`;
    if (!taken.has(key)) return key;
  }
}

const FIRST_SETTINGS: Record<Kind, (next: string) => Settings> = {
  condition: (next) => ({ rule: { all: [] }, yes: next, no: next }),
  branch: (next) => ({ cases: [{ name: "a", rule: { all: [] }, next }], otherwise: next }),
  split: (next) => ({
    shares: [
      { name: "a", percent: 50, next },
      { name: "b", percent: 50, next },
    ],
  }),
  wait: (next) => ({ for: "P1D", next }),
  waitUntil: (next) => ({ time: "10:00", next }),
  waitFor: (next) => ({ any: [], lookBack: true, timeout: "P7D", next, timedOut: next }),
  segmentAdd: (next) => ({ segmentId: "", next }),
  segmentRemove: (next) => ({ segmentId: "", next }),
  segmentKeep: (next) => ({ segmentId: "", for: "P30D", renew: true, next }),
  tagsChange: (next) => ({ add: [], remove: [], next }),
  fieldSet: (next) => ({ field: "", value: null, next }),
  activityRecord: (next) => ({ kind: "", properties: {}, next }),
  send: (next) => ({ templateId: "", parameters: [], requireOptIn: true, next }),
  webhook: (next) => ({ endpointId: "", body: {}, next }),
  enroll: (next) => ({ workflowId: "", next }),
  end: () => ({ outcome: "done" }),
};

/** Adds a node that goes on to `next`. */
export function addNode(graph: Graph, kind: Kind, next: string): { graph: Graph; node: Node } {
  const node: Node = { key: freeKey(graph, kind), do: { [kind]: FIRST_SETTINGS[kind](next) } };
  return { graph: { ...graph, nodes: [...graph.nodes, node], start: graph.start || node.key }, node };
}

/** Puts a new node into the way out `edge` of the node `from`; with `from` null, before the first node. */
export function insertNode(graph: Graph, from: string | null, edge: Edge | null, kind: Kind): { graph: Graph; node: Node } {
  const next = edge ? edge.to : graph.start;
  const added = addNode(graph, kind, next);
  if (!edge || from === null) return { graph: { ...added.graph, start: added.node.key }, node: added.node };
  const source = added.graph.nodes.find((node) => node.key === from);
  if (!source) return added;
  return { graph: replaceNode(added.graph, connected(source, edge.path, added.node.key)), node: added.node };
}

/** Takes a node out: what led to it leads to where its first way out led. */
export function removeNode(graph: Graph, key: string): Graph {
  const gone = graph.nodes.find((node) => node.key === key);
  if (!gone) return graph;
  const next = edgesOf(gone).find((edge) => edge.to && edge.to !== key)?.to ?? "";
  const nodes = graph.nodes
    .filter((node) => node.key !== key)
    .map((node) => edgesOf(node).reduce((each, edge) => (edge.to === key ? connected(each, edge.path, next) : each), node))
    .map((node) => (node.limit?.next === key ? { ...node, limit: { ...node.limit, next: next || null } } : node));
  const triggers = graph.triggers.map((trigger) => (trigger.start === key ? { ...trigger, start: next || null } : trigger));
  return { ...graph, nodes, triggers, start: graph.start === key ? next : graph.start };
}

/** The nodes in the order in which a reader meets them: one before those that it leads to, and ends last, as far as circles allow. */
export function inOrder(graph: Graph): Node[] {
  const byKey = new Map(graph.nodes.map((node) => [node.key, node]));
  const seen = new Set<string>();
  const backwards: Node[] = [];
  const visit = (key: string) => {
    const node = byKey.get(key);
    if (!node || seen.has(key)) return;
    seen.add(key);
    for (const edge of edgesOf(node).toReversed()) visit(edge.to);
    backwards.push(node);
  };
  const starts = [graph.start, ...graph.triggers.map((trigger) => trigger.start ?? "")];
  for (const key of [...starts, ...graph.nodes.map((node) => node.key)].toReversed()) visit(key);
  return backwards.toReversed();
}

export const EMPTY_GRAPH: Graph = {
  triggers: [{ key: "manual", on: { manual: true } }],
  start: "end",
  nodes: [{ key: "end", do: { end: { outcome: "done" } } }],
};

export function eventKindOf(event: Event): EventKind {
  return (Object.keys(event)[0] ?? "manual") as EventKind;
}
