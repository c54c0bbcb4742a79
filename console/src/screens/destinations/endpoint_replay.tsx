import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { fetchQuery, graphql } from "relay-runtime";

import { Select } from "../../components/choices";
import { notifyDone, sentence } from "../../components/notify";
import { useMoments } from "../../format/use_moments";
import { useMutationCall } from "../../relay/commit";
import { useRead } from "../../relay/read";
import { useTexts } from "../../texts/texts";
import type { endpointReplayCursorQuery } from "../../__generated__/endpointReplayCursorQuery.graphql";
import type { endpointReplayMutation } from "../../__generated__/endpointReplayMutation.graphql";
import type { endpointReplayQuery } from "../../__generated__/endpointReplayQuery.graphql";

const QUERY = graphql`
  query endpointReplayQuery($id: ID!) {
    webhookEndpoint(id: $id) {
      deliveries(first: 100, succeeded: true) {
        nodes {
          id
          eventType
          events
          createdAt
        }
      }
    }
    membershipChanges(first: 1) {
      changes {
        cursor
      }
    }
  }
`;

const CURSOR = graphql`
  query endpointReplayCursorQuery($id: ID!) {
    node(id: $id) {
      ... on WebhookDelivery {
        payload
      }
    }
  }
`;

const REPLAY = graphql`
  mutation endpointReplayMutation($id: ID!, $after: ChangeCursor!, $until: ChangeCursor) {
    webhookReplay(id: $id, after: $after, until: $until) {
      webhookEndpoint {
        id
        status
        nextAttemptAt
      }
      userErrors {
        message
      }
    }
  }
`;

const OLDEST = "oldest";
const NOW = "now";

/** Sends again what happened between two deliveries, or since the oldest change that is kept. */
export function EndpointReplay({ id, onDone }: { id: string; onDone: () => void }) {
  const t = useTexts().destinations.endpoints;
  const { moment } = useMoments();
  const environment = useRelayEnvironment();
  const { data } = useRead<endpointReplayQuery>(QUERY, { id });
  const [after, setAfter] = useState<string>(OLDEST);
  const [until, setUntil] = useState<string>(NOW);
  const [error, setError] = useState<string | null>(null);
  const [replay, busy] = useMutationCall<endpointReplayMutation>(REPLAY);
  const deliveries = (data?.webhookEndpoint?.deliveries.nodes ?? []).filter(({ eventType }) => eventType === "membership.changes");
  const choices = deliveries.map((delivery) => ({ value: delivery.id, label: t.deliveryName(moment(delivery.createdAt), delivery.events) }));

  const cursorOf = async (delivery: string): Promise<string | null> => {
    const answer = await fetchQuery<endpointReplayCursorQuery>(environment, CURSOR, { id: delivery }).toPromise();
    const payload = answer?.node?.payload as { data?: { cursor?: string } } | null | undefined;
    return payload?.data?.cursor ?? null;
  };
  const run = async () => {
    const begin = after === OLDEST ? (data?.membershipChanges.changes[0]?.cursor ?? null) : await cursorOf(after);
    if (begin === null) return setError(t.replayEmpty);
    const answer = await replay({ id, after: begin, until: until === NOW ? null : await cursorOf(until) });
    if (!answer) return;
    const refusal = answer.webhookReplay.userErrors[0];
    setError(refusal ? sentence(refusal.message) : null);
    if (!refusal) {
      notifyDone(t.replayStarted);
      onDone();
    }
  };
  return (
    <Stack>
      <Text size="sm">{t.replayLead}</Text>
      {error && (
        <Alert color="red" role="alert">
          {error}
        </Alert>
      )}
      <Select
        label={t.replayAfter}
        data={[{ value: OLDEST, label: t.replayOldest }, ...choices]}
        value={after}
        onChange={(value) => value && setAfter(value)}
        allowDeselect={false}
      />
      <Select
        label={t.replayUntil}
        data={[{ value: NOW, label: t.replayNow }, ...choices]}
        value={until}
        onChange={(value) => value && setUntil(value)}
        allowDeselect={false}
      />
      <Group justify="flex-end">
        <Button loading={busy} disabled={!data} onClick={() => void run()}>
          {t.replayAction}
        </Button>
      </Group>
    </Stack>
  );
}
