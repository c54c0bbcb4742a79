import { createContext, useContext } from "react";

import type { Edited } from "../edits";
import type { Leaf } from "../rule";
import type { Node } from "../tree";

/** What the parts of a builder can do to its tree. The functions are the same for as long as the builder is shown. */
export type Edits = {
  edit: (change: (root: Node) => Edited, said: string) => void;
  setLeaf: (key: string, leaf: Leaf) => void;
  setJoin: (key: string, join: "all" | "any") => void;
  /** The tree as it is now, for what is decided when a menu opens. */
  root: () => Node;
};

/** What the last preview says of each part, by its key. */
export type Findings = {
  counts: ReadonlyMap<string, number>;
  warnings: ReadonlyMap<string, readonly string[]>;
  errors: ReadonlyMap<string, readonly string[]>;
};

export const EditsContext = createContext<Edits | null>(null);
export const FindingsContext = createContext<Findings>({ counts: new Map(), warnings: new Map(), errors: new Map() });

/** Whether conditions on activities may be added: not in a DYNAMIC segment. */
export const ActivitiesContext = createContext(true);

export function useEdits(): Edits {
  const edits = useContext(EditsContext);
  if (!edits) throw new Error("useEdits needs a builder");
  return edits;
}
