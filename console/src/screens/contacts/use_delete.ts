import { useNavigate } from "@tanstack/react-router";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { notifyDone } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { useDeleteMutation } from "../../__generated__/useDeleteMutation.graphql";

const DELETE = graphql`
  mutation useDeleteMutation($ids: [ID!]!) {
    contactsDelete(ids: $ids) {
      deletedIds
      userErrors {
        message
      }
    }
  }
`;

type Doomed = { id: string; name: string; segments: number | undefined; inside: number | undefined };

/** Deletes one contact, after it was said what goes with it, then shows the list. */
export function useDelete(): (contact: Doomed) => Promise<void> {
  const t = useTexts().contacts.page;
  const navigate = useNavigate();
  const [remove] = useMutationCall<useDeleteMutation>(DELETE);
  return async ({ id, name, segments, inside }) => {
    const lead = `${t.leaves(segments ?? 0, inside ?? 0)} ${t.delete.lead}`;
    if (!(await confirm({ title: t.delete.title(name), children: lead, action: t.delete.submit }))) return;
    const answer = await remove({ ids: [id] });
    if (!answer) return;
    notifyDone(answer.contactsDelete.userErrors[0]?.message ?? t.delete.done(name));
    if (answer.contactsDelete.userErrors.length === 0) void navigate({ to: "/contacts" });
  };
}
