import { Alert, Button, Code, Group, Stack, Text, Timeline, Title } from "@mantine/core";
import { graphql } from "relay-runtime";

import { Moment } from "../../components/moment";
import { notifyDone, notifyRefusal } from "../../components/notify";
import { StatusBadge } from "../../components/status_badge";
import { useMutationCall } from "../../relay/commit";
import { useScreenQuery } from "../../relay/screen_query";
import { useTexts } from "../../texts/texts";
import type { deliveryDetailQuery } from "../../__generated__/deliveryDetailQuery.graphql";
import type { deliveryDetailResendMutation } from "../../__generated__/deliveryDetailResendMutation.graphql";
import { eventLabel } from "./endpoint_words";

const QUERY = graphql`
  query deliveryDetailQuery($id: ID!) {
    node(id: $id) {
      ... on WebhookDelivery {
        id
        eventType
        succeeded
        createdAt
        attempts {
          at
          milliseconds
          status
          error
          response
        }
        payload
      }
    }
  }
`;

const RESEND = graphql`
  mutation deliveryDetailResendMutation($id: ID!) {
    webhookDeliveryResend(id: $id) {
      webhookDelivery {
        id
      }
      userErrors {
        message
      }
    }
  }
`;

const EVERY_MS = 1_500;

export function OutcomeBadge({ succeeded }: { succeeded: boolean | null }) {
  const t = useTexts().destinations.log;
  if (succeeded === null) return <StatusBadge color="yellow">{t.waiting}</StatusBadge>;
  return succeeded ? <StatusBadge color="teal">{t.succeeded}</StatusBadge> : <StatusBadge color="red">{t.failed}</StatusBadge>;
}

/** One request: each try with its answer, and what is sent. */
export function DeliveryDetail({ id, onResent }: { id: string; onResent: () => void }) {
  const t = useTexts();
  const words = t.destinations.log;
  const [{ node }] = useScreenQuery<deliveryDetailQuery>(QUERY, { id }, { everyMs: EVERY_MS });
  const [resend, busy] = useMutationCall<deliveryDetailResendMutation>(RESEND);
  if (!node?.attempts || !node.eventType) return <Alert color="gray">{words.payloadGone}</Alert>;
  const run = async () => {
    const answer = await resend({ id });
    if (!answer || notifyRefusal(answer.webhookDeliveryResend.userErrors)) return;
    notifyDone(words.resent);
    onResent();
  };
  return (
    <Stack>
      <Group justify="space-between">
        <Group gap="sm" role="status">
          <Text fw={600}>{eventLabel(t.destinations, node.eventType)}</Text>
          <OutcomeBadge succeeded={node.succeeded ?? null} />
          <Text size="sm" c="dimmed">
            <Moment at={node.createdAt} exact />
          </Text>
        </Group>
        <Button variant="default" loading={busy} onClick={() => void run()}>
          {words.resend}
        </Button>
      </Group>
      {node.attempts.length === 0 && <Text size="sm">{words.noAttempts}</Text>}
      <Timeline bulletSize={14} lineWidth={2} active={node.attempts.length}>
        {node.attempts.map((attempt, index) => (
          <Timeline.Item
            key={attempt.at}
            title={
              <Text size="sm" fw={600}>
                {words.attempt(index + 1)}: {attempt.status == null ? words.noAnswer : words.answered(attempt.status)}
              </Text>
            }
            color={attempt.status != null && attempt.status < 300 ? "teal" : "red"}
          >
            <Text size="xs" c="dimmed">
              <Moment at={attempt.at} exact /> · {words.milliseconds(attempt.milliseconds)}
            </Text>
            {attempt.error && <Text size="sm">{attempt.error}</Text>}
            {attempt.response && (
              <Code block mah={160} mt={4} tabIndex={0} aria-label={words.response}>
                {attempt.response}
              </Code>
            )}
          </Timeline.Item>
        ))}
      </Timeline>
      <div>
        <Title order={3} size="h5">
          {words.payload}
        </Title>
        <Text size="xs" c="dimmed">
          {node.payload == null ? words.payloadGone : words.payloadLead}
        </Text>
      </div>
      {node.payload != null && (
        <Code block mah={360} tabIndex={0} aria-label={words.payload}>
          {JSON.stringify(node.payload, null, 2)}
        </Code>
      )}
    </Stack>
  );
}
