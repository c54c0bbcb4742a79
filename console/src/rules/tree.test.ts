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

function sortedLeaves(root: Node): string {
  return leavesOf(fromBuilder(root)).map((leaf) => JSON.stringify(leaf)).toSorted().join();
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
      const leaves = new Set(parts(tree).flatMap((part) => (part.is === "leaf" ? [part.key] : [])));
      const lost = [...paths].filter(([key, path]) => {
        const steps = path.split("/");
        return partAt(paths, steps) !== key || (leaves.has(key) && partAt(paths, [...steps, "field", "value"]) !== key);
      });
      expect(new Set(paths.values()).size).toBe(parts(tree).length);
      expect(lost).toEqual([]);
    }
  });
});

describe("edits", () => {
  it("take themselves back", () => {
    for (const rule of RULES) {
      const tree = toBuilder(rule);
      for (const node of parts(tree)) {
        const twice = duplicated(tree, node.key);
        const around = grouped(tree, node.key).root;
        const group = parts(around).find((part) => part.is === "group" && part.parts.length === 1 && part.parts[0]?.key === node.key);
        const back = node === tree ? [] : [removed(twice.root, twice.focus).root];
        if (node.nots === 0) back.push(negated(negated(tree, node.key).root, node.key).root);
        if (group && canUngroup(around, group)) back.push(ungrouped(around, group.key).root);
        expect(back.map((each) => JSON.stringify(fromBuilder(each)))).toEqual(back.map(() => JSON.stringify(rule)));
      }
    }
  });

  it("lose no condition by a move, and leave no group empty", () => {
    for (const rule of RULES) {
      const tree = toBuilder(rule);
      const before = sortedLeaves(tree);
      const after = parts(tree).flatMap((node) => ([-1, 1] as const).map((step) => moved(tree, node.key, step).root));
      expect(new Set(after.map(sortedLeaves))).toEqual(new Set([before]));
      expect(after.flatMap(parts).filter((part) => part.is === "group" && part.parts.length === 0)).toEqual([]);
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
