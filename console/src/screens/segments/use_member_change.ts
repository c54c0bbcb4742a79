import { graphql } from "relay-runtime";

import { notifyDone, notifyOfError } from "../../components/notify";
import { ApiError } from "../../relay/api_error";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { ContactSelection, useMemberChangeAddMutation } from "../../__generated__/useMemberChangeAddMutation.graphql";
import type { useMemberChangeRemoveMutation } from "../../__generated__/useMemberChangeRemoveMutation.graphql";

const ADD = graphql`
  mutation useMemberChangeAddMutation($id: ID!, $contacts: ContactSelection!) {
    segmentContactsAdd(segmentId: $id, contacts: $contacts) {
      changed
      segment {
        id
        memberCount
      }
      job {
        id
      }
      userErrors {
        code
        message
      }
    }
  }
`;

const REMOVE = graphql`
  mutation useMemberChangeRemoveMutation($id: ID!, $contacts: ContactSelection!) {
    segmentContactsRemove(segmentId: $id, contacts: $contacts) {
      changed
      segment {
        id
        memberCount
      }
      job {
        id
      }
      userErrors {
        code
        message
      }
    }
  }
`;

type Step = "add" | "remove";

/** Adds contacts to a static segment or takes them out, and offers to take that back. Gives whether it was done. */
export function useMemberChange(segmentId: string): [(step: Step, ids: string[], onUndone: () => void) => Promise<boolean>, boolean] {
  const t = useTexts().segments;
  const [add, adding] = useMutationCall<useMemberChangeAddMutation>(ADD);
  const [remove, removing] = useMutationCall<useMemberChangeRemoveMutation>(REMOVE);
  const call = async (step: Step, contacts: ContactSelection) =>
    step === "add"
      ? (await add({ id: segmentId, contacts }))?.segmentContactsAdd
      : (await remove({ id: segmentId, contacts }))?.segmentContactsRemove;
  const change = async (step: Step, ids: string[], onUndone: () => void): Promise<boolean> => {
    const answer = await call(step, { ids });
    if (!answer) return false;
    const error = answer.userErrors[0];
    if (error) {
      notifyOfError(new ApiError(error.code, error.message));
      return false;
    }
    const said = step === "add" ? t.membersAdded(answer.changed) : t.membersRemoved(answer.changed);
    notifyDone(answer.job ? t.longWork : said, async () => {
      if (await call(step === "add" ? "remove" : "add", { ids })) onUndone();
    });
    return true;
  };
  return [change, adding || removing];
}
