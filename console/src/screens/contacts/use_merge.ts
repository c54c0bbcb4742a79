import { graphql } from "relay-runtime";

import { notifyDone, notifyRefusal } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { MergeChoiceInput, useMergeMutation } from "../../__generated__/useMergeMutation.graphql";
import type { useMergeUndoMutation } from "../../__generated__/useMergeUndoMutation.graphql";

const MERGE = graphql`
  mutation useMergeMutation($keepId: ID!, $mergeId: ID!, $choices: [MergeChoiceInput!]) {
    contactsMerge(keepId: $keepId, mergeId: $mergeId, choices: $choices) {
      merge {
        id
        kept {
          id
          name
        }
      }
      userErrors {
        message
      }
    }
  }
`;

const UNDO = graphql`
  mutation useMergeUndoMutation($id: ID!) {
    contactUnmerge(id: $id) {
      notices
      userErrors {
        message
      }
    }
  }
`;

/** Merges two contacts, and offers to take it back. */
export function useMerge(
  onDone: () => void,
  onUndone: () => void,
): [(keepId: string, mergeId: string, choices: readonly MergeChoiceInput[]) => Promise<void>, boolean] {
  const t = useTexts().contacts;
  const [merge, busy] = useMutationCall<useMergeMutation>(MERGE);
  const [unmerge] = useMutationCall<useMergeUndoMutation>(UNDO);
  const undo = async (id: string) => {
    const answer = await unmerge({ id });
    if (!answer) return;
    const { notices, userErrors } = answer.contactUnmerge;
    notifyDone(userErrors[0]?.message ?? [t.identity.unmerged, ...notices].join(" "));
    onUndone();
  };
  const call = async (keepId: string, mergeId: string, choices: readonly MergeChoiceInput[]) => {
    const answer = await merge({ keepId, mergeId, choices });
    if (!answer) return;
    const { merge: made, userErrors } = answer.contactsMerge;
    if (!made) return void notifyRefusal(userErrors);
    notifyDone(t.merge.done(made.kept.name ?? t.nameless), () => void undo(made.id));
    onDone();
  };
  return [call, busy];
}
