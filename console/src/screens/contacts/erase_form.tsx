import { Alert, Button, Checkbox, Group, List, Modal, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { notifyDone } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { eraseFormMutation } from "../../__generated__/eraseFormMutation.graphql";

const ERASE = graphql`
  mutation eraseFormMutation($id: ID!) {
    contactErase(id: $id) {
      deletedId
      userErrors {
        message
      }
    }
  }
`;

/** Says what is lost when a person is erased, and does it once that is confirmed. */
export function EraseForm({
  contactId,
  name,
  segments,
  inside,
  opened,
  onClose,
}: {
  contactId: string;
  name: string;
  segments: number | undefined;
  inside: number | undefined;
  opened: boolean;
  onClose: () => void;
}) {
  const { common, contacts } = useTexts();
  const t = contacts.page.erase;
  const navigate = useNavigate();
  const [isSure, setSure] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [erase, busy] = useMutationCall<eraseFormMutation>(ERASE);
  const submit = async () => {
    const answer = await erase({ id: contactId });
    if (!answer) return;
    const error = answer.contactErase.userErrors[0];
    if (error) return setRefusal(error.message);
    notifyDone(t.done);
    void navigate({ to: "/contacts" });
  };
  return (
    <Modal opened={opened} onClose={onClose} title={t.title(name)} size="lg" closeButtonProps={{ "aria-label": common.close }}>
      <Stack>
        {refusal && (
          <Alert color="red" role="alert">
            {refusal}
          </Alert>
        )}
        <Text size="sm">{t.lead}</Text>
        <List size="sm" spacing={4}>
          <List.Item>{contacts.page.leaves(segments ?? 0, inside ?? 0)}</List.Item>
          {t.points.map((point) => (
            <List.Item key={point}>{point}</List.Item>
          ))}
        </List>
        <Checkbox label={t.sure(name)} checked={isSure} onChange={(event) => setSure(event.currentTarget.checked)} data-autofocus />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {common.cancel}
          </Button>
          <Button color="red" disabled={!isSure} loading={busy} onClick={() => void submit()}>
            {t.submit}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
