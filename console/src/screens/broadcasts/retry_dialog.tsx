import { Alert, Button, Checkbox, Group, Modal, Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { graphql } from "relay-runtime";

import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { RecipientStatus, retryDialogMutation } from "../../__generated__/retryDialogMutation.graphql";
import type { Figures } from "./pace";

const RETRY = graphql`
  mutation retryDialogMutation($id: ID!, $statuses: [RecipientStatus!]!) {
    broadcastRetry(id: $id, statuses: $statuses) {
      broadcast {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

/** Chooses which recipients are tried again, and makes the draft for them. */
export function RetryDialog({ id, figures, onClose }: { id: string; figures: Figures; onClose: () => void }) {
  const t = useTexts();
  const navigate = useNavigate();
  const [statuses, setStatuses] = useState<RecipientStatus[]>(figures.failed > 0 ? ["FAILED"] : []);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [retry, isBusy] = useMutationCall<retryDialogMutation>(RETRY);
  const counts: Partial<Record<RecipientStatus, number>> = {
    FAILED: figures.failed,
    UNCONFIRMED: figures.unconfirmed,
    SKIPPED: figures.skipped,
  };
  const chosen = statuses.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  const run = async () => {
    const answer = await retry({ id, statuses });
    if (!answer) return;
    const { broadcast, userErrors } = answer.broadcastRetry;
    setRefusal(userErrors[0]?.message ?? null);
    if (broadcast) void navigate({ to: "/broadcasts/$broadcastId/edit", params: { broadcastId: broadcast.id } });
  };
  const choices = [
    { status: "FAILED" as const, label: t.broadcasts.retryFailed(figures.failed) },
    { status: "UNCONFIRMED" as const, label: t.broadcasts.retryUnconfirmed(figures.unconfirmed) },
    { status: "SKIPPED" as const, label: t.broadcasts.retrySkipped(figures.skipped) },
  ];
  return (
    <Modal opened onClose={onClose} title={t.broadcasts.retryTitle} closeButtonProps={{ "aria-label": t.common.close }}>
      <Stack>
        <Text size="sm">{t.broadcasts.retryLead}</Text>
        {choices
          .filter(({ status }) => (counts[status] ?? 0) > 0)
          .map(({ status, label }) => (
            <Checkbox
              key={status}
              label={label}
              checked={statuses.includes(status)}
              onChange={(event) =>
                setStatuses(event.currentTarget.checked ? [...statuses, status] : statuses.filter((each) => each !== status))
              }
            />
          ))}
        {refusal && (
          <Alert color="red" role="alert">
            {refusal}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t.common.cancel}
          </Button>
          <Button onClick={run} loading={isBusy} disabled={chosen === 0}>
            {t.broadcasts.retryMake(chosen)}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
