import { copyOf, find, newGroup, newLeaf, parentOf, type GroupNode, type Node } from "./tree";

/** The tree after an edit, and the key of the part that takes the focus. */
export type Edited = { root: Node; focus: string };

/** Puts `parts` in the place of a part. Groups that become empty vanish; the root becomes an empty group. */
function replaced(root: Node, key: string, parts: readonly Node[]): Node {
  const visit = (node: Node): readonly Node[] => {
    if (node.key === key) return parts;
    if (node.is === "leaf") return [node];
    let isChanged = false;
    const next = node.parts.flatMap((part) => {
      const given = visit(part);
      if (given.length !== 1 || given[0] !== part) isChanged = true;
      return given;
    });
    if (!isChanged) return [node];
    return next.length === 0 ? [] : [{ ...node, parts: next }];
  };
  const [first, ...others] = visit(root);
  if (!first) return newGroup("all", []);
  return others.length === 0 ? first : newGroup("all", [first, ...others]);
}

export function changed(root: Node, key: string, change: (node: Node) => Node): Node {
  const node = find(root, key);
  return node ? replaced(root, key, [change(node)]) : root;
}

/** Adds a part at the end of a group; a root that is a single condition becomes a group first. */
export function added(root: Node, groupKey: string, part: Node = newLeaf()): Edited {
  const group = find(root, groupKey);
  if (!group) return { root, focus: root.key };
  if (group.is === "leaf") return { root: replaced(root, groupKey, [newGroup("all", [group, part])]), focus: part.key };
  return { root: changed(root, groupKey, () => ({ ...group, parts: [...group.parts, part] })), focus: part.key };
}

export function removed(root: Node, key: string): Edited {
  const parent = parentOf(root, key);
  const next = replaced(root, key, []);
  const index = parent?.parts.findIndex((part) => part.key === key) ?? -1;
  const neighbour = parent?.parts[index + 1] ?? parent?.parts[index - 1];
  return { root: next, focus: neighbour?.key ?? parentOf(root, parent?.key ?? "")?.key ?? next.key };
}

export function duplicated(root: Node, key: string): Edited {
  const node = find(root, key);
  if (!node) return { root, focus: key };
  const copy = copyOf(node);
  return { root: replaced(root, key, [node, copy]), focus: copy.key };
}

/** Negates a part, or takes one negation away. */
export function negated(root: Node, key: string): Edited {
  return { root: changed(root, key, (node) => ({ ...node, nots: node.nots > 0 ? node.nots - 1 : 1 })), focus: key };
}

/** Puts a part into a group of its own, joined in the other way than those around it. */
export function grouped(root: Node, key: string): Edited {
  const join = parentOf(root, key)?.join === "all" ? "any" : "all";
  return { root: changed(root, key, (node) => newGroup(join, [node])), focus: key };
}

/** Whether a group's parts can take its place: a negated group would lose its `not`. */
export function canUngroup(root: Node, node: Node): boolean {
  return node.is === "group" && node.nots === 0 && (node.key !== root.key || (node.parts.length === 1 && node.parts[0]?.is === "group"));
}

export function ungrouped(root: Node, key: string): Edited {
  const node = find(root, key);
  const first = node?.is === "group" ? node.parts[0] : undefined;
  if (node?.is !== "group" || !first || !canUngroup(root, node)) return { root, focus: key };
  return { root: replaced(root, key, node.parts), focus: first.key };
}

export function joined(root: Node, key: string, join: "all" | "any"): Node {
  return changed(root, key, (node) => (node.is === "group" ? { ...node, join } : node));
}

/**
 * Moves a part one step: past its neighbour, into a group that stands there, or out of its own group at the end of that. So each place can
 * be reached step by step.
 */
export function moved(root: Node, key: string, step: -1 | 1): Edited {
  const node = find(root, key);
  const parent = parentOf(root, key);
  if (!node || !parent) return { root, focus: key };
  const index = parent.parts.indexOf(node);
  const neighbour = parent.parts[index + step];
  if (neighbour?.is === "group") return { root: movedInto(root, parent, node, neighbour, step), focus: key };
  if (neighbour) {
    const parts = parent.parts.filter((part) => part !== node);
    parts.splice(index + step, 0, node);
    return { root: changed(root, parent.key, () => ({ ...parent, parts })), focus: key };
  }
  const outer = parentOf(root, parent.key);
  if (!outer) return { root, focus: key };
  const rest = parent.parts.filter((part) => part !== node);
  const around = rest.length === 0 ? [] : [{ ...parent, parts: rest }];
  return { root: replaced(root, parent.key, step === -1 ? [node, ...around] : [...around, node]), focus: key };
}

function movedInto(root: Node, parent: GroupNode, node: Node, group: GroupNode, step: -1 | 1): Node {
  const inside: GroupNode = { ...group, parts: step === -1 ? [...group.parts, node] : [node, ...group.parts] };
  const parts = parent.parts.filter((part) => part !== node).map((part) => (part === group ? inside : part));
  return changed(root, parent.key, () => ({ ...parent, parts }));
}

/** Whether a step would change anything. */
export function canMove(root: Node, key: string, step: -1 | 1): boolean {
  return moved(root, key, step).root !== root;
}
