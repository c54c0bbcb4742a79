import { BLANK, type Leaf, type RuleInput } from "./rule";

/**
 * The builder's tree: the rule itself, with a key for each part that stays the same while the part is edited or moved. A `not`
 * is counted on the part that it negates, so that there and back gives the very same rule.
 */
export type Node = GroupNode | LeafNode;
export type GroupNode = { key: string; nots: number; is: "group"; join: "all" | "any"; parts: readonly Node[] };
export type LeafNode = { key: string; nots: number; is: "leaf"; leaf: Leaf };

let made = 0;

function newKey(): string {
  made += 1;
  return `part-${made}`;
}

/** The tree of a rule. Parts that are at the same place in `before` keep their keys, so that the focus stays in them. */
export function toBuilder(rule: RuleInput, before?: Node): Node {
  let nots = 0;
  let inner = rule;
  while (inner.not) {
    nots += 1;
    inner = inner.not;
  }
  const parts = inner.all ?? inner.any;
  const key = before && (before.is === "group") === (parts !== undefined) ? before.key : newKey();
  if (parts) {
    const old = before?.is === "group" ? before.parts : [];
    return { key, nots, is: "group", join: inner.all ? "all" : "any", parts: parts.map((part, index) => toBuilder(part, old[index])) };
  }
  return { key, nots, is: "leaf", leaf: inner as Leaf };
}

/** The rule of a tree: the inverse of `toBuilder`. */
export function fromBuilder(node: Node): RuleInput {
  let rule: RuleInput = node.is === "leaf" ? node.leaf : groupOf(node.join, node.parts.map(fromBuilder));
  for (let count = 0; count < node.nots; count++) rule = { not: rule };
  return rule;
}

function groupOf(join: "all" | "any", parts: RuleInput[]): RuleInput {
  return join === "all" ? { all: parts } : { any: parts };
}

export function newLeaf(leaf: Leaf = BLANK): LeafNode {
  return { key: newKey(), nots: 0, is: "leaf", leaf };
}

export function newGroup(join: "all" | "any", parts: readonly Node[]): GroupNode {
  return { key: newKey(), nots: 0, is: "group", join, parts };
}

/** A copy of a part, with keys of its own. */
export function copyOf(node: Node): Node {
  return node.is === "leaf" ? { ...node, key: newKey() } : { ...node, key: newKey(), parts: node.parts.map(copyOf) };
}

/** The place of a condition or group in the rule, inside of what negates it, as the API writes it: "rule/all/0/not". */
export function pathsOf(root: Node): Map<string, string> {
  const paths = new Map<string, string>();
  const visit = (node: Node, path: string) => {
    const inner = path + "/not".repeat(node.nots);
    paths.set(node.key, inner);
    if (node.is === "group") node.parts.forEach((part, index) => visit(part, `${inner}/${node.join}/${index}`));
  };
  visit(root, "rule");
  return paths;
}

/** The key of the innermost part that a path of the API points into. */
export function partAt(paths: ReadonlyMap<string, string>, path: readonly string[]): string | undefined {
  const wanted = `${path.join("/")}/`;
  let found: string | undefined;
  let length = 0;
  for (const [key, own] of paths) {
    if (own.length >= length && wanted.startsWith(`${own}/`)) [found, length] = [key, own.length];
  }
  return found;
}

export function find(root: Node, key: string): Node | undefined {
  if (root.key === key) return root;
  if (root.is === "leaf") return undefined;
  for (const part of root.parts) {
    const found = find(part, key);
    if (found) return found;
  }
  return undefined;
}

export function parentOf(root: Node, key: string): GroupNode | undefined {
  if (root.is === "leaf") return undefined;
  if (root.parts.some((part) => part.key === key)) return root;
  for (const part of root.parts) {
    const found = parentOf(part, key);
    if (found) return found;
  }
  return undefined;
}

/** All parts in the order in which they are shown. */
export function inOrder(node: Node): Node[] {
  return node.is === "leaf" ? [node] : [node, ...node.parts.flatMap(inOrder)];
}
