import type { Catalogue } from "../../texts/en";
import { canMove, canUngroup, duplicated, grouped, moved, negated, removed, ungrouped, type Edited } from "../edits";
import type { Node } from "../tree";

export type ActionName = "up" | "down" | "negate" | "group" | "ungroup" | "duplicate" | "remove";

type Words = Catalogue["rules"];
type Word = { [Key in keyof Words]: Words[Key] extends string ? Key : never }[keyof Words];

/** What can be done with a part: `code` is the key that does it together with Alt and Shift, `sign` how that key is shown. */
type Action = {
  label: (node: Node) => Word;
  said: (node: Node) => Word;
  can: (root: Node, node: Node) => boolean;
  change: (root: Node, key: string) => Edited;
  code: string;
  sign: string;
};

const always = () => true;

export const ACTIONS: Record<ActionName, Action> = {
  up: {
    label: () => "moveUp",
    said: () => "moved",
    can: (root, node) => canMove(root, node.key, -1),
    change: (root, key) => moved(root, key, -1),
    code: "ArrowUp",
    sign: "↑",
  },
  down: {
    label: () => "moveDown",
    said: () => "moved",
    can: (root, node) => canMove(root, node.key, 1),
    change: (root, key) => moved(root, key, 1),
    code: "ArrowDown",
    sign: "↓",
  },
  negate: {
    label: (node) => (node.nots > 0 ? "unnegate" : "negate"),
    said: (node) => (node.nots > 0 ? "wasUnnegated" : "wasNegated"),
    can: always,
    change: negated,
    code: "KeyN",
    sign: "N",
  },
  group: { label: () => "wrap", said: () => "wasGrouped", can: always, change: grouped, code: "KeyG", sign: "G" },
  ungroup: { label: () => "unwrap", said: () => "wasUngrouped", can: canUngroup, change: ungrouped, code: "KeyU", sign: "U" },
  duplicate: {
    label: () => "duplicate",
    said: () => "added",
    can: (root, node) => root.key !== node.key,
    change: duplicated,
    code: "KeyD",
    sign: "D",
  },
  remove: { label: () => "remove", said: () => "removed", can: always, change: removed, code: "Backspace", sign: "⌫" },
};

/** The action whose keys were pressed. */
export function actionOf(event: { altKey: boolean; shiftKey: boolean; code: string }): Action | undefined {
  return event.altKey && event.shiftKey ? Object.values(ACTIONS).find(({ code }) => code === event.code) : undefined;
}
