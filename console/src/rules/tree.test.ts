import { describe, expect, it } from "vitest";

import { canUngroup, duplicated, grouped, moved, negated, removed, ungrouped } from "./edits";
import { leavesOf, type Leaf, type RuleInput } from "./rule";
import { fromBuilder, inOrder, partAt, pathsOf, toBuilder, type Node } from "./tree";

/** Numbers that are the same in each run. */
function drawer(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
    return (state >>> 8) % below;
  };
}

function drawLeaf(draw: (below: number) => number): Leaf {
  const leaves: Leaf[] = [
    { field: { field: "attributes.city", operator: "EQUALS", value: `city ${draw(9)}` } },
    { field: { field: "email", operator: "IS_SET" } },
    { field: { field: "score", operator: "BETWEEN", value: [1, draw(50)] } },
    { tags: { operator: "HAS_ANY", tags: ["vip", `tag ${draw(9)}`] } },
    { segment: { segmentId: `segment-${draw(9)}` } },
    { segment: { segmentId: `segment-${draw(9)}`, member: false } },
    { activity: { kind: "purchase", operator: "GTE", value: draw(9) } },
    {
      activity: {
        kind: "purchase",
        where: [{ property: "amount", operator: "GT", value: draw(99) }],
        metric: "SUM",
        property: "amount",
        within: "P90D",
        operator: "GTE",
        value: 100,
      },
    },
  ];
  return leaves[draw(leaves.length)] as Leaf;
}

function drawRule(draw: (below: number) => number, depth = 0): RuleInput {
  const which = draw(depth > 4 ? 2 : 8);
  if (which <= 2) return drawLeaf(draw);
  if (which === 3) return { not: drawRule(draw, depth + 1) };
  const parts = Array.from({ length: 1 + draw(4) }, () => drawRule(draw, depth + 1));
  return which % 2 ? { any: parts } : { all: parts };
}

const RULES = Array.from({ length: 150 }, (_, seed) => drawRule(drawer(seed + 1)));

function parts(root: Node): Node[] {
  return inOrder(root);
}

function sortedLeaves(root: Node): string[] {
  return leavesOf(fromBuilder(root)).map((leaf) => JSON.stringify(leaf)).toSorted();
}

describe("the builder's tree", () => {
  it("gives the very same rule back", () => {
    for (const rule of RULES) expect(fromBuilder(toBuilder(rule))).toEqual(rule);
  });

  it("keeps the keys of what stays at its place", () => {
    for (const rule of RULES) {
      const tree = toBuilder(rule);
      expect(toBuilder(rule, tree)).toEqual(tree);
    }
  });

  it("has one path for each part, and finds the part again", () => {
    for (const rule of RULES) {
      const tree = toBuilder(rule);
      const paths = pathsOf(tree);
      expect(new Set(paths.values()).size).toBe(parts(tree).length);
      for (const [key, path] of paths) {
        expect(partAt(paths, path.split("/"))).toBe(key);
        const node = parts(tree).find((part) => part.key === key);
        if (node?.is === "leaf") expect(partAt(paths, [...path.split("/"), "field", "value"])).toBe(key);
      }
    }
  });
});

describe("edits", () => {
  it("take themselves back", () => {
    for (const rule of RULES) {
      const tree = toBuilder(rule);
      for (const node of parts(tree)) {
        expect(removed(duplicated(tree, node.key).root, duplicated(tree, node.key).focus).root).toBeDefined();
        if (node.nots === 0) expect(fromBuilder(negated(negated(tree, node.key).root, node.key).root)).toEqual(rule);
        const around = grouped(tree, node.key).root;
        const group = parts(around).find((part) => part.is === "group" && part.parts.length === 1 && part.parts[0]?.key === node.key);
        if (group && canUngroup(around, group)) expect(fromBuilder(ungrouped(around, group.key).root)).toEqual(rule);
      }
    }
  });

  it("lose no condition by a move, and leave no group empty", () => {
    for (const rule of RULES) {
      const tree = toBuilder(rule);
      const before = sortedLeaves(tree);
      for (const node of parts(tree)) {
        for (const step of [-1, 1] as const) {
          const { root } = moved(tree, node.key, step);
          expect(sortedLeaves(root)).toEqual(before);
          expect(parts(root).every((part) => part.is === "leaf" || part.parts.length > 0)).toBe(true);
        }
      }
    }
  });

  it("reach the top and the end by steps", () => {
    for (const rule of RULES) {
      let tree = toBuilder(rule);
      const node = parts(tree).findLast((part) => part.is === "leaf");
      if (!node || node.key === tree.key) continue;
      for (let steps = 0; steps < 200; steps++) tree = moved(tree, node.key, -1).root;
      expect(tree.is === "group" && tree.parts[0]?.key).toBe(node.key);
      for (let steps = 0; steps < 200; steps++) tree = moved(tree, node.key, 1).root;
      expect(tree.is === "group" && tree.parts.at(-1)?.key).toBe(node.key);
    }
  });
});
