import { Button, Checkbox, Group, Menu, Modal, Stack, Text } from "@mantine/core";
import { IconDots, IconPencil, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { confirm } from "../../components/confirm";
import { LinkTo } from "../../components/link";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { audienceActions_audience$key } from "../../__generated__/audienceActions_audience.graphql";
import type { audienceActionsDeleteMutation } from "../../__generated__/audienceActionsDeleteMutation.graphql";
import type { audienceActionsPauseMutation } from "../../__generated__/audienceActionsPauseMutation.graphql";
import type { audienceActionsReconcileMutation } from "../../__generated__/audienceActionsReconcileMutation.graphql";
import type { audienceActionsResumeMutation } from "../../__generated__/audienceActionsResumeMutation.graphql";
import { AudienceEdit } from "./audience_edit";
import { audienceRoute } from "./routes";

const PAUSE = graphql`
  mutation audienceActionsPauseMutation($id: ID!) {
    audiencePause(id: $id) {
      audience {
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
  mutation audienceActionsResumeMutation($id: ID!) {
    audienceResume(id: $id) {
      audience {
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

const RECONCILE = graphql`
  mutation audienceActionsReconcileMutation($id: ID!) {
    audienceReconcile(id: $id) {
      job {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

const DELETE = graphql`
  mutation audienceActionsDeleteMutation($id: ID!, $remote: Boolean!) {
    audienceDelete(id: $id, remote: $remote) {
      deletedId
      userErrors {
        message
      }
    }
  }
`;

/** What can be done with an audience, for who may send people out. */
export function AudienceActions({ audience: key, onChange }: { audience: audienceActions_audience$key; onChange: () => void }) {
  const t = useTexts();
  const words = t.destinations.meta;
  const mayExport = useMay("CONTACT_EXPORT");
  const mayFollow = useMay("JOB_READ");
  const { open } = audienceRoute.useSearch();
  const navigate = audienceRoute.useNavigate();
  const audience = useFragment(
    graphql`
      fragment audienceActions_audience on Audience {
        id
        name
        mode
        status
        counts {
          members
          present
          leaving
          kept
        }
      }
    `,
    key,
  );
  const { id, status } = audience;
  const [job, setJob] = useState<string | null>(null);
  const [pause, pausing] = useMutationCall<audienceActionsPauseMutation>(PAUSE);
  const [resume, resuming] = useMutationCall<audienceActionsResumeMutation>(RESUME);
  const [reconcile, reconciling] = useMutationCall<audienceActionsReconcileMutation>(RECONCILE);
  if (!mayExport) return null;
  const close = () => void navigate({ search: {} });

  const doResume = async () => {
    const answer = await resume({ id });
    if (!answer || notifyRefusal(answer.audienceResume.userErrors)) return;
    notifyDone(words.resumed);
    onChange();
  };
  const doPause = async () => {
    const answer = await pause({ id });
    if (!answer || notifyRefusal(answer.audiencePause.userErrors)) return;
    notifyDone(words.paused, () => void doResume());
  };
  const askReconcile = async () => {
    const isSure = await confirm({
      title: words.reconcileTitle,
      children: words.reconcileLead(audience.counts.members),
      action: words.reconcileAction,
    });
    if (!isSure) return;
    const answer = await reconcile({ id });
    if (!answer || notifyRefusal(answer.audienceReconcile.userErrors)) return;
    notifyDone(words.reconciling);
    setJob(answer.audienceReconcile.job?.id ?? null);
  };
  const isStopped = status === "PAUSED" || status === "BLOCKED";
  return (
    <>
      {job && mayFollow && (
        <Text size="sm" role="status">
          {words.reconciling}{" "}
          <LinkTo to="/transfers/$job" params={{ job }} size="sm">
            {words.follow}
          </LinkTo>
        </Text>
      )}
      {isStopped ? (
        <Button loading={resuming} onClick={() => void doResume()}>
          {words.resume}
        </Button>
      ) : (
        <Button variant="default" loading={pausing} onClick={() => void doPause()}>
          {words.pause}
        </Button>
      )}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button variant="default" leftSection={<IconDots size={16} />} loading={reconciling}>
            {words.more}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => void navigate({ search: { open: "edit" } })}>
            {words.edit}
          </Menu.Item>
          <Menu.Item leftSection={<IconRefresh size={16} />} onClick={() => void askReconcile()}>
            {words.reconcile}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={() => void navigate({ search: { open: "delete" } })}>
            {words.remove}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={open === "edit"} onClose={close} title={words.editTitle} closeButtonProps={{ "aria-label": t.common.close }}>
        <AudienceEdit
          audience={audience}
          onDone={() => {
            notifyDone(words.changed);
            close();
          }}
        />
      </Modal>
      <Modal opened={open === "delete"} onClose={close} title={words.removeTitle(audience.name)} closeButtonProps={{ "aria-label": t.common.close }}>
        <DeleteAudience id={id} name={audience.name} atMeta={audience.counts.present + audience.counts.leaving + audience.counts.kept} onCancel={close} />
      </Modal>
    </>
  );
}

function DeleteAudience({ id, name, atMeta, onCancel }: { id: string; name: string; atMeta: number; onCancel: () => void }) {
  const t = useTexts();
  const words = t.destinations.meta;
  const go = useNavigate();
  const [remote, setRemote] = useState(false);
  const [remove, busy] = useMutationCall<audienceActionsDeleteMutation>(DELETE);
  const run = async () => {
    const answer = await remove({ id, remote });
    if (!answer || notifyRefusal(answer.audienceDelete.userErrors)) return;
    notifyDone(words.removed(name));
    void go({ to: "/destinations/audiences" });
  };
  return (
    <Stack>
      <Text size="sm">{words.removeLead(atMeta)}</Text>
      <Checkbox
        label={words.removeRemote}
        description={words.removeRemoteLead}
        checked={remote}
        onChange={(event) => setRemote(event.currentTarget.checked)}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onCancel}>
          {t.common.cancel}
        </Button>
        <Button color="red" loading={busy} onClick={() => void run()}>
          {words.removeAction}
        </Button>
      </Group>
    </Stack>
  );
}
