import { Alert, Button, List, Loader, Modal, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { graphql } from "react-relay";

import { Select } from "../../components/choices";
import { messageOf, notifyDone } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useRead } from "../../relay/read";
import { useTexts } from "../../texts/texts";
import type { publishDialogMutation } from "../../__generated__/publishDialogMutation.graphql";
import type { publishDialogProblemsQuery } from "../../__generated__/publishDialogProblemsQuery.graphql";
import type { EnrolledContactsPolicy, publishDialogQuery } from "../../__generated__/publishDialogQuery.graphql";
import { kindOf, type Graph } from "./graph";

const PREVIEW = graphql`
  query publishDialogQuery($id: ID!, $enrolled: EnrolledContactsPolicy!, $moves: [WorkflowMoveInput!]) {
    workflow(id: $id) {
      draft
      problems {
        blocks
        nodeKey
        message
      }
    }
    workflowPublishPreview(id: $id, enrolled: $enrolled, moves: $moves) {
      token
      inside
      stay
      exits
      wakesMoved
      wakesNow
      sendsWithinHour
      moves {
        fromKey
        toKey
        count
      }
    }
  }
`;

const PROBLEMS = graphql`
  query publishDialogProblemsQuery($id: ID!) {
    workflow(id: $id) {
      problems {
        blocks
        message
      }
    }
  }
`;

const PUBLISH = graphql`
  mutation publishDialogMutation($id: ID!, $input: WorkflowPublishInput!) {
    workflowPublish(id: $id, input: $input) {
      workflow {
        id
        status
        published {
          id
          number
          graph
          text
        }
      }
      userErrors {
        code
        message
      }
    }
  }
`;

const POLICIES: readonly EnrolledContactsPolicy[] = ["MOVE", "FINISH_OLD_VERSION", "EXIT"];

/** Publishes the draft after it has said in numbers what becomes of those inside. */
export function PublishDialog({ workflowId, onClose }: { workflowId: string; onClose: () => void }) {
  const t = useTexts();
  const [enrolled, setEnrolled] = useState<EnrolledContactsPolicy>("MOVE");
  const [targets, setTargets] = useState<Record<string, string>>({});
  const [note, setNote] = useState("");
  const [refusal, setRefusal] = useState("");
  const [publish, busy] = useMutationCall<publishDialogMutation>(PUBLISH);
  const moves = enrolled === "MOVE" ? Object.entries(targets).map(([fromKey, toKey]) => ({ fromKey, toKey })) : [];
  const problems = useRead<publishDialogProblemsQuery>(PROBLEMS, {
    id: workflowId,
  });
  const blocking = problems.data?.workflow?.problems.filter((problem) => problem.blocks) ?? null;
  const preview = useRead<publishDialogQuery>(PREVIEW, blocking?.length === 0 ? { id: workflowId, enrolled, moves } : null);
  const counted = preview.data?.workflowPublishPreview;
  const nodes = ((preview.data?.workflow?.draft as Graph | undefined)?.nodes ?? []).map((node) => ({
    value: node.key,
    label: node.label || `${t.workflows.kind[kindOf(node)]} (${node.key})`,
  }));

  const run = async () => {
    if (!counted) return;
    const answer = await publish({ id: workflowId, input: { token: counted.token, enrolled, moves, note: note || null } });
    if (!answer) return;
    const error = answer.workflowPublish.userErrors[0];
    if (!error) {
      notifyDone(t.workflows.publishing.published);
      onClose();
      return;
    }
    setRefusal(error.code === "CONFLICT" ? t.workflows.publishing.conflict : error.message);
    if (error.code === "CONFLICT") preview.again();
  };

  const p = t.workflows.publishing;
  return (
    <Modal opened onClose={onClose} title={p.title} size="lg">
      <Stack>
        {blocking && blocking.length > 0 && (
          <Alert color="red" title={p.blocked}>
            <List size="sm">
              {blocking.map((problem) => (
                <List.Item key={problem.message}>{problem.message}</List.Item>
              ))}
            </List>
          </Alert>
        )}
        {counted && counted.inside > 0 && (
          <Radio.Group label={p.enrolled} value={enrolled} onChange={(value) => setEnrolled(value as EnrolledContactsPolicy)}>
            <Stack gap={6} mt={6}>
              {POLICIES.map((policy) => (
                <Radio key={policy} value={policy} label={p.policy[policy]} />
              ))}
            </Stack>
          </Radio.Group>
        )}
        {preview.isLoading && !counted && blocking?.length === 0 && <Loader size="sm" aria-label={p.counting} />}
        {preview.error && (
          <Alert color="red" role="alert">
            {messageOf(preview.error)}
          </Alert>
        )}
        {counted && (
          <Stack gap={4} role="status">
            <Text size="sm" fw={600}>
              {p.inside(counted.inside)}
            </Text>
            {counted.inside > 0 && (
              <List size="sm">
                <List.Item>{p.stay(counted.stay)}</List.Item>
                {counted.exits > 0 && <List.Item>{p.exits(counted.exits)}</List.Item>}
                {counted.wakesMoved > 0 && <List.Item>{p.wakesMoved(counted.wakesMoved)}</List.Item>}
                {counted.wakesNow > 0 && <List.Item>{p.wakesNow(counted.wakesNow)}</List.Item>}
                {counted.sendsWithinHour > 0 && <List.Item>{p.sends(counted.sendsWithinHour)}</List.Item>}
              </List>
            )}
            {enrolled === "MOVE" &&
              counted.moves.map((move) => (
                <Select
                  key={move.fromKey}
                  label={`${p.move(move.fromKey, move.count)}: ${p.moveTo}`}
                  placeholder={p.end}
                  data={nodes}
                  value={targets[move.fromKey] ?? null}
                  clearable
                  onChange={(to) =>
                    setTargets((before) => {
                      const { [move.fromKey]: _, ...others } = before;
                      return to ? { ...others, [move.fromKey]: to } : others;
                    })
                  }
                />
              ))}
          </Stack>
        )}
        {refusal && (
          <Alert color="red" role="alert">
            {refusal}
          </Alert>
        )}
        <TextInput label={p.note} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        <Button disabled={!counted || preview.isLoading} loading={busy} onClick={() => void run()}>
          {p.publish}
        </Button>
      </Stack>
    </Modal>
  );
}
