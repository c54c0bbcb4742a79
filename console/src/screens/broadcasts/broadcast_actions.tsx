import { Button } from "@mantine/core";
import { IconCopy, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconRepeat } from "@tabler/icons-react";
import { useState } from "react";
import { graphql, useFragment } from "react-relay";

import { confirm } from "../../components/confirm";
import { ButtonTo } from "../../components/link";
import { notifyDone } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { broadcastActions_broadcast$key } from "../../__generated__/broadcastActions_broadcast.graphql";
import type { broadcastActionsCancelMutation } from "../../__generated__/broadcastActionsCancelMutation.graphql";
import type { broadcastActionsPauseMutation } from "../../__generated__/broadcastActionsPauseMutation.graphql";
import type { broadcastActionsResumeMutation } from "../../__generated__/broadcastActionsResumeMutation.graphql";
import { DraftMenu } from "./draft_menu";
import { figuresOf } from "./pace";
import { RetryDialog } from "./retry_dialog";

const PAUSE = graphql`
  mutation broadcastActionsPauseMutation($id: ID!) {
    broadcastPause(id: $id) {
      broadcast {
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
  mutation broadcastActionsResumeMutation($id: ID!) {
    broadcastResume(id: $id) {
      broadcast {
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

const CANCEL = graphql`
  mutation broadcastActionsCancelMutation($id: ID!) {
    broadcastCancel(id: $id) {
      broadcast {
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

/** What can be done with a broadcast in its state; each step says in numbers what it does. */
export function BroadcastActions({ broadcast: key, onDone }: { broadcast: broadcastActions_broadcast$key; onDone: () => void }) {
  const t = useTexts().broadcasts;
  const mayWrite = useMay("BROADCAST_SEND", "SEGMENT_READ");
  const broadcast = useFragment(
    graphql`
      fragment broadcastActions_broadcast on Broadcast {
        id
        name
        status
        startedAt
        retryOf {
          id
        }
        counts {
          pending
          sending
          sent
          delivered
          read
          failed
          skipped
          unconfirmed
        }
      }
    `,
    key,
  );
  const { id, status } = broadcast;
  const figures = figuresOf(broadcast.counts);
  const [isRetrying, setRetrying] = useState(false);
  const [pause, isPausing] = useMutationCall<broadcastActionsPauseMutation>(PAUSE);
  const [resume, isResuming] = useMutationCall<broadcastActionsResumeMutation>(RESUME);
  const [cancel, isCancelling] = useMutationCall<broadcastActionsCancelMutation>(CANCEL);
  const tell = (errors: readonly { readonly message: string }[] | undefined, done: string) => {
    if (!errors) return;
    notifyDone(errors[0]?.message ?? done);
    onDone();
  };

  const askPause = async () => {
    if (!(await confirm({ title: t.pauseTitle, children: t.pauseLead(figures.waiting), action: t.pause, isDestructive: false }))) return;
    tell((await pause({ id }))?.broadcastPause.userErrors, t.paused);
  };
  const askResume = async () => {
    if (!(await confirm({ title: t.resumeTitle, children: t.resumeLead(figures.waiting), action: t.resume, isDestructive: false }))) return;
    tell((await resume({ id }))?.broadcastResume.userErrors, t.resumed);
  };
  const askCancel = async () => {
    const children = figures.total > 0 ? t.cancelLead(figures.waiting, figures.sent) : t.cancelScheduledLead;
    if (!(await confirm({ title: t.cancelTitle, children, action: t.cancelIt, dismiss: t.keep }))) return;
    tell((await cancel({ id }))?.broadcastCancel.userErrors, t.cancelled);
  };

  const isUnderWay = status === "PREPARING" || status === "SENDING";
  const hasEnded = status === "COMPLETED" || status === "CANCELLED" || status === "FAILED";
  const canRetry = hasEnded && broadcast.startedAt != null && figures.failed + figures.skipped + figures.unconfirmed > 0;
  return (
    <>
      {status === "DRAFT" && mayWrite && (
        <>
          <DraftMenu id={id} name={broadcast.name} />
          <ButtonTo to="/broadcasts/$broadcastId/edit" params={{ broadcastId: id }}>
            {t.edit}
          </ButtonTo>
        </>
      )}
      {mayWrite && status !== "DRAFT" && !broadcast.retryOf && (
        <ButtonTo to="/broadcasts/new" search={{ from: id }} variant="default" leftSection={<IconCopy size={16} />}>
          {t.duplicate}
        </ButtonTo>
      )}
      {(isUnderWay || status === "PAUSED" || status === "SCHEDULED") && (
        <Button variant="default" color="red" leftSection={<IconPlayerStop size={16} />} onClick={askCancel} loading={isCancelling}>
          {t.cancelIt}
        </Button>
      )}
      {isUnderWay && (
        <Button leftSection={<IconPlayerPause size={16} />} onClick={askPause} loading={isPausing}>
          {t.pause}
        </Button>
      )}
      {status === "PAUSED" && (
        <Button leftSection={<IconPlayerPlay size={16} />} onClick={askResume} loading={isResuming}>
          {t.resume}
        </Button>
      )}
      {canRetry && (
        <Button leftSection={<IconRepeat size={16} />} onClick={() => setRetrying(true)}>
          {t.retry}
        </Button>
      )}
      {isRetrying && <RetryDialog id={id} figures={figures} onClose={() => setRetrying(false)} />}
    </>
  );
}
