import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useRelayEnvironment } from "react-relay";
import { graphql } from "relay-runtime";

import { notifyDone, notifyOfError } from "../../components/notify";
import { SegmentSelect, type ChosenSegment } from "../../components/segment_select";
import { useTexts } from "../../texts/texts";
import type { bulkSegmentAddMutation, bulkSegmentAddMutation$data } from "../../__generated__/bulkSegmentAddMutation.graphql";
import type { bulkSegmentRemoveMutation } from "../../__generated__/bulkSegmentRemoveMutation.graphql";
import type { ContactSelection } from "../../__generated__/exportPanelStartMutation.graphql";
import { batches, send, type Target } from "./bulk_run";
import { runLong } from "./long_run";
import { EVERYBODY, selectionOf } from "./selection_input";

const ADD = graphql`
  mutation bulkSegmentAddMutation($segmentId: ID!, $contacts: ContactSelection!) {
    segmentContactsAdd(segmentId: $segmentId, contacts: $contacts) {
      changed
      segment {
        id
        memberCount
      }
      job {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

const REMOVE = graphql`
  mutation bulkSegmentRemoveMutation($segmentId: ID!, $contacts: ContactSelection!) {
    segmentContactsRemove(segmentId: $segmentId, contacts: $contacts) {
      changed
      segment {
        id
        memberCount
      }
      job {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

type Payload = bulkSegmentAddMutation$data["segmentContactsAdd"];

/** Puts the selected contacts into a static segment, or takes them out of it. */
export function BulkSegment({ mode, target, onClose, onDone }: { mode: "add" | "remove"; target: Target; onClose: () => void; onDone: () => void }) {
  const t = useTexts().contacts.bulk;
  const common = useTexts().common;
  const environment = useRelayEnvironment();
  const [segment, setSegment] = useState<ChosenSegment | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const isAdding = mode === "add";

  const write = async (segmentId: string, contacts: ContactSelection): Promise<Payload> => {
    const variables = { segmentId, contacts };
    return isAdding
      ? (await send<bulkSegmentAddMutation>(environment, ADD, variables)).segmentContactsAdd
      : (await send<bulkSegmentRemoveMutation>(environment, REMOVE, variables)).segmentContactsRemove;
  };

  const atOnce = async (chosen: ChosenSegment, contacts: ContactSelection): Promise<boolean> => {
    const { changed, job, userErrors } = await write(chosen.id, contacts);
    const refused = userErrors[0]?.message ?? null;
    setRefusal(refused);
    if (refused) return false;
    if (job) notifyDone(t.fillingInBackground(chosen.name));
    else notifyDone(isAdding ? t.added(changed, chosen.name) : t.removed(changed, chosen.name));
    return true;
  };

  const inParts = async (chosen: ChosenSegment): Promise<boolean> => {
    let changed = 0;
    let refused: string | null = null;
    async function* parts() {
      for await (const ids of batches(environment, target)) {
        const answer = await write(chosen.id, { ids: [...ids] });
        refused = answer.userErrors[0]?.message ?? null;
        if (refused) return;
        changed += answer.changed;
        yield ids.length;
      }
    }
    const title = isAdding ? t.adding(chosen.name) : t.removing(chosen.name);
    await runLong({
      title,
      total: target.count,
      parts: parts(),
      done: () => refused ?? (isAdding ? t.added(changed, chosen.name) : t.removed(changed, chosen.name)),
    });
    return true;
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!segment) return;
    setBusy(true);
    try {
      const contacts = selectionOf(target);
      const isDone = contacts === null ? await inParts(segment) : await atOnce(segment, contacts === "everybody" ? EVERYBODY : contacts);
      if (isDone) {
        onClose();
        onDone();
      }
    } catch (error) {
      notifyOfError(error as Error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal opened onClose={onClose} title={isAdding ? t.addTitle(target.count) : t.removeTitle(target.count)}>
      <form onSubmit={submit}>
        <Stack>
          {refusal && (
            <Alert color="red" role="alert">
              {refusal}
            </Alert>
          )}
          <SegmentSelect kind="STATIC" label={t.segment} value={segment?.id ?? null} onChange={setSegment} data-autofocus />
          <Text size="sm" c="dimmed">
            {t.segmentLead}
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button type="submit" disabled={!segment} loading={isBusy}>
              {isAdding ? t.add : t.remove}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
