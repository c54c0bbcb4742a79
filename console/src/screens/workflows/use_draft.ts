import { useCallback, useEffect, useReducer, useRef } from "react";
import { graphql } from "react-relay";

import { useMutationCall, type UserError } from "../../relay/commit";
import type { useDraftMutation } from "../../__generated__/useDraftMutation.graphql";
import type { Graph } from "./graph";

const SAVE = graphql`
  mutation useDraftMutation($id: ID!, $input: WorkflowUpdateInput!) {
    workflowUpdate(id: $id, input: $input) {
      workflow {
        id
        name
        version
        draft
        draftText
        updatedAt
        problems {
          blocks
          nodeKey
          code
          message
        }
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

const WAIT_MS = 700;
const UNDO_STEPS = 100;

type State = {
  graph: Graph;
  /** The version that was read or saved last. */
  version: number;
  past: readonly Graph[];
  future: readonly Graph[];
  isSaved: boolean;
  /** Why the server does not take the draft as it is. */
  refusals: readonly UserError[];
  conflict: boolean;
};

type Action =
  | { do: "edit"; graph: Graph }
  | { do: "undo" }
  | { do: "redo" }
  | { do: "saved"; graph: Graph; version: number }
  | { do: "refused"; errors: readonly UserError[] }
  | { do: "overwrite"; version: number }
  | { do: "take"; graph: Graph; version: number };

function reduce(state: State, action: Action): State {
  switch (action.do) {
    case "edit":
      return { ...state, graph: action.graph, past: [...state.past, state.graph].slice(-UNDO_STEPS), future: [], isSaved: false };
    case "undo": {
      const before = state.past.at(-1);
      if (!before) return state;
      return { ...state, graph: before, past: state.past.slice(0, -1), future: [state.graph, ...state.future], isSaved: false };
    }
    case "redo": {
      const [after, ...future] = state.future;
      if (!after) return state;
      return { ...state, graph: after, past: [...state.past, state.graph], future, isSaved: false };
    }
    case "saved":
      return { ...state, version: action.version, isSaved: state.graph === action.graph, refusals: [], conflict: false };
    case "refused":
      return { ...state, refusals: action.errors, conflict: action.errors.some((error) => error.code === "CONFLICT") };
    case "overwrite":
      return { ...state, version: action.version, conflict: false, refusals: [], isSaved: false };
    case "take":
      return { ...state, graph: action.graph, version: action.version, conflict: false, refusals: [], isSaved: true, past: [], future: [] };
  }
}

/** The draft as it is edited, saved by itself a moment after each change, with steps back and forward. */
export function useDraft(workflow: { id: string; version: number; draft: unknown }) {
  const [state, dispatch] = useReducer(reduce, {
    graph: workflow.draft as Graph,
    version: workflow.version,
    past: [],
    future: [],
    isSaved: true,
    refusals: [],
    conflict: false,
  });
  const [save, isSaving] = useMutationCall<useDraftMutation>(SAVE);
  const tried = useRef<Graph | null>(null);
  const { graph, version, isSaved, conflict } = state;

  useEffect(() => {
    if (isSaved || conflict || isSaving || tried.current === graph) return;
    const timer = setTimeout(() => {
      tried.current = graph;
      void save({ id: workflow.id, input: { graph: graph as never, version } }).then((answer) => {
        if (!answer) {
          tried.current = null;
          return;
        }
        const { workflow: saved, userErrors } = answer.workflowUpdate;
        if (saved) dispatch({ do: "saved", graph, version: saved.version });
        else dispatch({ do: "refused", errors: userErrors });
      });
    }, WAIT_MS);
    return () => clearTimeout(timer);
  }, [graph, version, isSaved, conflict, isSaving, save, workflow.id]);

  useEffect(() => {
    if (isSaved) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isSaved]);

  const edit = useCallback((next: Graph) => dispatch({ do: "edit", graph: next }), []);
  return {
    ...state,
    isSaving,
    edit,
    undo: () => dispatch({ do: "undo" }),
    redo: () => dispatch({ do: "redo" }),
    overwrite: (theirs: number) => {
      tried.current = null;
      dispatch({ do: "overwrite", version: theirs });
    },
    take: (theirs: Graph, theirVersion: number) => dispatch({ do: "take", graph: theirs, version: theirVersion }),
  };
}

export type Draft = ReturnType<typeof useDraft>;
