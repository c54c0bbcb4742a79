import { Button } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { notifyDone } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { draftMenuDeleteMutation } from "../../__generated__/draftMenuDeleteMutation.graphql";

const DELETE = graphql`
  mutation draftMenuDeleteMutation($id: ID!) {
    broadcastDelete(id: $id) {
      userErrors {
        message
      }
    }
  }
`;

/** What can be done with a draft besides sending it. */
export function DraftMenu({ id, name }: { id: string; name: string }) {
  const t = useTexts().broadcasts;
  const navigate = useNavigate();
  const [remove, isRemoving] = useMutationCall<draftMenuDeleteMutation>(DELETE);
  const ask = async () => {
    if (!(await confirm({ title: t.deleteTitle(name), children: t.deleteLead, action: t.delete }))) return;
    const answer = await remove({ id });
    if (!answer) return;
    const error = answer.broadcastDelete.userErrors[0];
    notifyDone(error?.message ?? t.deleted);
    if (!error) void navigate({ to: "/broadcasts" });
  };
  return (
    <Button variant="default" leftSection={<IconTrash size={16} />} onClick={ask} loading={isRemoving}>
      {t.delete}
    </Button>
  );
}
