import { Button, Menu, Modal } from "@mantine/core";
import { IconDots, IconKey, IconPencil, IconPlayerSkipForward, IconRepeat, IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { graphql } from "relay-runtime";

import { confirm } from "../../components/confirm";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { endpointActionsDeleteMutation } from "../../__generated__/endpointActionsDeleteMutation.graphql";
import type { endpointActionsPauseMutation } from "../../__generated__/endpointActionsPauseMutation.graphql";
import type { endpointActionsResumeMutation } from "../../__generated__/endpointActionsResumeMutation.graphql";
import type { endpointActionsTestMutation } from "../../__generated__/endpointActionsTestMutation.graphql";
import type { endpointFragment_endpoint$data } from "../../__generated__/endpointFragment_endpoint.graphql";
import { EndpointReplay } from "./endpoint_replay";
import { EndpointSecret } from "./endpoint_secret";
import { endpointRoute } from "./routes";

const TEST = graphql`
  mutation endpointActionsTestMutation($id: ID!) {
    webhookTest(id: $id) {
      webhookDelivery {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

const PAUSE = graphql`
  mutation endpointActionsPauseMutation($id: ID!) {
    webhookEndpointPause(id: $id) {
      webhookEndpoint {
        id
        status
        reason
      }
      userErrors {
        message
      }
    }
  }
`;

const RESUME = graphql`
  mutation endpointActionsResumeMutation($id: ID!, $skip: Boolean!) {
    webhookEndpointResume(id: $id, skipToNow: $skip) {
      webhookEndpoint {
        id
        status
        reason
        pendingEvents
        lagSeconds
      }
      userErrors {
        message
      }
    }
  }
`;

const DELETE = graphql`
  mutation endpointActionsDeleteMutation($id: ID!) {
    webhookEndpointDelete(id: $id) {
      deletedId
      userErrors {
        message
      }
    }
  }
`;

/** What can be done with an endpoint: the two usual things as buttons, the others in a menu. */
export function EndpointActions({ endpoint, onChange }: { endpoint: endpointFragment_endpoint$data; onChange: () => void }) {
  const t = useTexts();
  const words = t.destinations.endpoints;
  const { id } = endpoint;
  const search = endpointRoute.useSearch();
  const navigate = endpointRoute.useNavigate();
  const go = useNavigate();
  const [test, testing] = useMutationCall<endpointActionsTestMutation>(TEST);
  const [pause, pausing] = useMutationCall<endpointActionsPauseMutation>(PAUSE);
  const [resume, resuming] = useMutationCall<endpointActionsResumeMutation>(RESUME);
  const [remove] = useMutationCall<endpointActionsDeleteMutation>(DELETE);
  const open = (panel: "rotate" | "replay" | undefined) => void navigate({ search: { ...search, open: panel } });

  const sendTest = async () => {
    const answer = await test({ id });
    if (!answer || notifyRefusal(answer.webhookTest.userErrors)) return;
    notifyDone(words.testSent);
    onChange();
    void navigate({ search: { ...search, delivery: answer.webhookTest.webhookDelivery?.id } });
  };
  const doPause = async () => {
    const answer = await pause({ id });
    if (!answer || notifyRefusal(answer.webhookEndpointPause.userErrors)) return;
    notifyDone(words.paused, () => void doResume(false));
  };
  const doResume = async (skip: boolean) => {
    const answer = await resume({ id, skip });
    if (!answer || notifyRefusal(answer.webhookEndpointResume.userErrors)) return;
    notifyDone(words.resumed);
    onChange();
  };
  const askSkip = async () => {
    const isSure = await confirm({ title: words.skipTitle, children: words.skipLead(endpoint.pendingEvents), action: words.skipAction });
    if (isSure) await doResume(true);
  };
  const askRemove = async () => {
    const isSure = await confirm({ title: words.removeTitle, children: words.removeLead(endpoint.pendingEvents), action: words.removeAction });
    if (!isSure) return;
    const answer = await remove({ id });
    if (!answer || notifyRefusal(answer.webhookEndpointDelete.userErrors)) return;
    notifyDone(words.removed);
    void go({ to: "/destinations/webhooks" });
  };
  const isRunning = endpoint.status === "ACTIVE";
  return (
    <>
      <Button variant="default" loading={testing} onClick={() => void sendTest()}>
        {words.test}
      </Button>
      {isRunning ? (
        <Button variant="default" loading={pausing} onClick={() => void doPause()}>
          {words.pause}
        </Button>
      ) : (
        <Button loading={resuming} onClick={() => void doResume(false)}>
          {words.resume}
        </Button>
      )}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button variant="default" leftSection={<IconDots size={16} />}>
            {words.more}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconPencil size={16} />}
            onClick={() => void go({ to: "/destinations/webhooks/$endpoint/edit", params: { endpoint: id } })}
          >
            {words.edit}
          </Menu.Item>
          <Menu.Item leftSection={<IconRepeat size={16} />} onClick={() => open("replay")}>
            {words.replayTitle}
          </Menu.Item>
          <Menu.Item leftSection={<IconKey size={16} />} onClick={() => open("rotate")}>
            {words.rotate}
          </Menu.Item>
          {endpoint.status === "BACKING_OFF" && (
            <Menu.Item onClick={() => void doPause()}>{words.pause}</Menu.Item>
          )}
          {endpoint.pendingEvents > 0 && (
            <Menu.Item leftSection={<IconPlayerSkipForward size={16} />} onClick={() => void askSkip()}>
              {words.skip}
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => void askRemove()}>
            {words.remove}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={search.open === "rotate"}
        onClose={() => open(undefined)}
        title={words.rotateTitle}
        closeButtonProps={{ "aria-label": t.common.close }}
      >
        <EndpointSecret id={id} />
      </Modal>
      <Modal
        opened={search.open === "replay"}
        onClose={() => open(undefined)}
        title={words.replayTitle}
        closeButtonProps={{ "aria-label": t.common.close }}
      >
        <EndpointReplay
          id={id}
          onDone={() => {
            open(undefined);
            onChange();
          }}
        />
      </Modal>
    </>
  );
}
