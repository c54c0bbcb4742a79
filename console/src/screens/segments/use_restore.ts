import { graphql } from "relay-runtime";

import { notifyDone, notifyOfError } from "../../components/notify";
import { ApiError } from "../../relay/api_error";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { useRestoreMutation } from "../../__generated__/useRestoreMutation.graphql";

const RESTORE = graphql`
  mutation useRestoreMutation($id: ID!) {
    segmentRestore(id: $id) {
      segment {
        id
        name
        status
        deletedAt
        memberCount
      }
      userErrors {
        code
        message
      }
    }
  }
`;

/** Restores a deleted segment, and says so. Gives whether it was restored. */
export function useRestore(): [(id: string) => Promise<boolean>, boolean] {
  const t = useTexts().segments;
  const [call, busy] = useMutationCall<useRestoreMutation>(RESTORE);
  const restore = async (id: string) => {
    const answer = await call({ id });
    if (!answer) return false;
    const { segment, userErrors } = answer.segmentRestore;
    if (segment) notifyDone(t.restored(segment.name));
    else if (userErrors[0]) notifyOfError(new ApiError(userErrors[0].code, userErrors[0].message));
    return segment !== null && segment !== undefined;
  };
  return [restore, busy];
}
