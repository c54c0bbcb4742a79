import { Alert, Button, Checkbox, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { graphql } from "react-relay";

import { notifyDone } from "../../components/notify";
import { SegmentSelect } from "../../components/segment_select";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { activateDialogMutation } from "../../__generated__/activateDialogMutation.graphql";

const ACTIVATE = graphql`
  mutation activateDialogMutation($id: ID!, $existing: Boolean!, $testSegmentId: ID) {
    workflowActivate(id: $id, existing: $existing, testSegmentId: $testSegmentId) {
      workflow {
        id
        status
        activatesAt
        testSegment {
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

/** Lets contacts in from now on: all of them or testers only, and with those who are in the trigger's segment already. */
export function ActivateDialog({ workflowId, onClose }: { workflowId: string; onClose: () => void }) {
  const t = useTexts().workflows.activation;
  const [existing, setExisting] = useState(false);
  const [testers, setTesters] = useState<string | null>(null);
  const [refusal, setRefusal] = useState("");
  const [activate, busy] = useMutationCall<activateDialogMutation>(ACTIVATE);
  const run = async () => {
    const answer = await activate({ id: workflowId, existing, testSegmentId: testers });
    if (!answer) return;
    const errors = answer.workflowActivate.userErrors;
    setRefusal(errors.map((error) => error.message).join(" "));
    if (errors.length) return;
    notifyDone(t.done);
    onClose();
  };
  return (
    <Modal opened onClose={onClose} title={t.title}>
      <Stack>
        <Text size="sm">{t.lead}</Text>
        <Checkbox label={t.existing} checked={existing} onChange={(event) => setExisting(event.currentTarget.checked)} data-autofocus />
        <SegmentSelect
          label={t.testers}
          placeholder={t.everybody}
          kind="STATIC"
          value={testers}
          onChange={(segment) => setTesters(segment?.id ?? null)}
        />
        {refusal && (
          <Alert color="red" role="alert">
            {refusal}
          </Alert>
        )}
        <Button loading={busy} onClick={() => void run()}>
          {t.now}
        </Button>
      </Stack>
    </Modal>
  );
}
