import { Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { graphql, useFragment } from "react-relay";

import { confirm } from "../../components/confirm";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { workflowActions_workflow$key } from "../../__generated__/workflowActions_workflow.graphql";
import type { workflowActionsArchiveMutation } from "../../__generated__/workflowActionsArchiveMutation.graphql";
import type { workflowActionsDrainMutation } from "../../__generated__/workflowActionsDrainMutation.graphql";
import type { workflowActionsDuplicateMutation } from "../../__generated__/workflowActionsDuplicateMutation.graphql";
import type { workflowActionsPauseMutation } from "../../__generated__/workflowActionsPauseMutation.graphql";
import type { workflowActionsResumeMutation } from "../../__generated__/workflowActionsResumeMutation.graphql";
import { ActivateDialog } from "./activate_dialog";
import { PublishDialog } from "./publish_dialog";

const PAUSE = graphql`
  mutation workflowActionsPauseMutation($id: ID!) {
    workflowPause(id: $id) {
      workflow {
        ...workflowActions_workflow
      }
      userErrors {
        message
      }
    }
  }
`;
const RESUME = graphql`
  mutation workflowActionsResumeMutation($id: ID!) {
    workflowResume(id: $id) {
      workflow {
        reason
        ...workflowActions_workflow
      }
      userErrors {
        message
      }
    }
  }
`;
const DRAIN = graphql`
  mutation workflowActionsDrainMutation($id: ID!) {
    workflowDrain(id: $id) {
      workflow {
        ...workflowActions_workflow
      }
      userErrors {
        message
      }
    }
  }
`;
const ARCHIVE = graphql`
  mutation workflowActionsArchiveMutation($id: ID!) {
    workflowArchive(id: $id) {
      workflow {
        ...workflowActions_workflow
      }
      userErrors {
        message
      }
    }
  }
`;
const DUPLICATE = graphql`
  mutation workflowActionsDuplicateMutation($id: ID!, $name: String!) {
    workflowDuplicate(id: $id, name: $name) {
      workflow {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

/** What can be done with a workflow in its state. */
export function WorkflowActions({ workflow }: { workflow: workflowActions_workflow$key }) {
  const t = useTexts().workflows;
  const navigate = useNavigate();
  const { id, name, status, published, counts } = useFragment(
    graphql`
      fragment workflowActions_workflow on Workflow {
        id
        name
        status
        published {
          number
        }
        counts {
          inside
        }
      }
    `,
    workflow,
  );
  const [publishing, publishDialog] = useDisclosure();
  const [activating, activateDialog] = useDisclosure();
  const [pause, isPausing] = useMutationCall<workflowActionsPauseMutation>(PAUSE);
  const [resume, isResuming] = useMutationCall<workflowActionsResumeMutation>(RESUME);
  const [drain] = useMutationCall<workflowActionsDrainMutation>(DRAIN);
  const [archive] = useMutationCall<workflowActionsArchiveMutation>(ARCHIVE);
  const [duplicate] = useMutationCall<workflowActionsDuplicateMutation>(DUPLICATE);

  const done = (errors: readonly { readonly message: string }[] | undefined, message: string, undo?: () => void) => {
    if (errors && !notifyRefusal(errors)) notifyDone(message, undo);
  };
  const resumeNow = async () => done((await resume({ id }))?.workflowResume.userErrors, t.lifecycle.resumed);
  const pauseNow = async () =>
    done((await pause({ id }))?.workflowPause.userErrors, t.lifecycle.paused, () => void resumeNow());
  const drainNow = async () => {
    if (!(await confirm({ title: t.drain, children: t.lifecycle.drainConfirm(counts.inside), action: t.drain }))) return;
    done((await drain({ id }))?.workflowDrain.userErrors, t.lifecycle.draining);
  };
  const archiveNow = async () => {
    if (!(await confirm({ title: t.archive, children: t.lifecycle.archiveConfirm(counts.inside), action: t.archive }))) return;
    done((await archive({ id }))?.workflowArchive.userErrors, t.lifecycle.archived);
  };
  const duplicateNow = async () => {
    const answer = await duplicate({ id, name: t.lifecycle.duplicateName(name) });
    const copy = answer?.workflowDuplicate.workflow?.id;
    done(answer?.workflowDuplicate.userErrors, t.lifecycle.duplicated);
    if (copy) void navigate({ to: "/workflows/$workflowId", params: { workflowId: copy } });
  };

  const isOver = status === "ARCHIVED";
  return (
    <>
      {status === "ACTIVE" && (
        <Button variant="default" loading={isPausing} onClick={() => void pauseNow()}>
          {t.pause}
        </Button>
      )}
      {status === "PAUSED" && (
        <Button loading={isResuming} onClick={() => void resumeNow()}>
          {t.resume}
        </Button>
      )}
      {status === "DRAFT" && published && <Button onClick={activateDialog.open}>{t.activate}</Button>}
      {!isOver && (
        <Button variant={status === "DRAFT" && !published ? "filled" : "default"} onClick={publishDialog.open}>
          {t.publish}
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={14} />}>
            {t.more}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void duplicateNow()}>{t.duplicate}</Menu.Item>
          {status === "ACTIVE" && <Menu.Item onClick={activateDialog.open}>{t.activation.openToAll}</Menu.Item>}
          {(status === "ACTIVE" || status === "PAUSED") && <Menu.Item onClick={() => void drainNow()}>{t.drain}</Menu.Item>}
          {!isOver && (
            <Menu.Item color="red" onClick={() => void archiveNow()}>
              {t.archive}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {publishing && <PublishDialog workflowId={id} onClose={publishDialog.close} />}
      {activating && <ActivateDialog workflowId={id} onClose={activateDialog.close} />}
    </>
  );
}
