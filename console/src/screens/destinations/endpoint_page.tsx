import { Alert, Card, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { graphql, useFragment } from "react-relay";

import { NotFound } from "../../app/failures";
import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { sentence } from "../../components/notify";
import { Screen } from "../../components/screen";
import { StatusBadge } from "../../components/status_badge";
import { formatNumber } from "../../format/numbers";
import { wordOf } from "../../format/words";
import { useLive } from "../../relay/live";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { endpointFragment_endpoint$data, endpointFragment_endpoint$key } from "../../__generated__/endpointFragment_endpoint.graphql";
import type { endpointPageQuery } from "../../__generated__/endpointPageQuery.graphql";
import type { endpointPageSubscription } from "../../__generated__/endpointPageSubscription.graphql";
import { DeliveryLog } from "./delivery_log";
import { EndpointActions } from "./endpoint_actions";
import { ENDPOINT } from "./endpoint_fragment";
import { ENDPOINT_COLORS, eventLabel, lagOf, pendingOf } from "./endpoint_words";
import { endpointRoute } from "./routes";

const QUERY = graphql`
  query endpointPageQuery($id: ID!, $maySegments: Boolean!, $mayWorkflows: Boolean!) {
    webhookEndpoint(id: $id) {
      ...endpointFragment_endpoint
    }
  }
`;

const LIVE = graphql`
  subscription endpointPageSubscription($id: ID!, $maySegments: Boolean!, $mayWorkflows: Boolean!) {
    webhookEndpointProgress(id: $id) {
      ...endpointFragment_endpoint
    }
  }
`;

/** No event tells that time passes, and with it for how long something has waited. */
const EVERY_MS = 30_000;

type Endpoint = endpointFragment_endpoint$data;

/** One endpoint: how it stands, what it is sent, and each request with its tries. */
export function EndpointPage() {
  const t = useTexts();
  const words = t.destinations.endpoints;
  const { endpoint: id } = endpointRoute.useParams();
  const maySegments = useMay("SEGMENT_READ");
  const mayWorkflows = useMay("WORKFLOW_READ");
  const variables = { id, maySegments, mayWorkflows };
  const [{ webhookEndpoint }, reload] = useScreenQuery<endpointPageQuery>(QUERY, variables, { everyMs: EVERY_MS });
  useLive<endpointPageSubscription>(LIVE, webhookEndpoint ? variables : null);
  const endpoint = useFragment<endpointFragment_endpoint$key>(ENDPOINT, webhookEndpoint);
  if (!endpoint) return <NotFound />;
  return (
    <Screen
      title={<span style={{ overflowWrap: "anywhere" }}>{endpoint.url}</span>}
      lead={
        <Group gap="xs">
          <LinkTo to="/destinations/webhooks" size="sm">
            {t.destinations.webhooks}
          </LinkTo>
          {endpoint.description && <Text size="sm">· {endpoint.description}</Text>}
        </Group>
      }
      actions={<EndpointActions endpoint={endpoint} onChange={reload} />}
    >
      <Card withBorder>
        <Stack gap="sm">
          <Group gap="sm" role="status">
            <StatusBadge color={ENDPOINT_COLORS[endpoint.status] ?? "gray"}>{wordOf(words.statuses, endpoint.status)}</StatusBadge>
            <Text size="sm" c="dimmed">
              {words.statusLeads[endpoint.status]}
            </Text>
          </Group>
          {endpoint.reason && (
            <Alert color={endpoint.status === "DISABLED" ? "red" : "yellow"} p="xs">
              {sentence(endpoint.reason)}
            </Alert>
          )}
          <Facts
            facts={[
              [words.pending, pendingOf(t.destinations, endpoint.pendingEvents)],
              [words.lag, lagOf(t.destinations, endpoint.lagSeconds)],
              [words.nextAttempt, endpoint.nextAttemptAt && <Moment key="next" at={endpoint.nextAttemptAt} />],
              [words.lastDelivered, endpoint.lastDeliveredAt ? <Moment key="last" at={endpoint.lastDeliveredAt} /> : words.never],
            ]}
          />
        </Stack>
      </Card>
      <Card withBorder>
        <Settings endpoint={endpoint} />
      </Card>
      <DeliveryLog endpoint={endpoint.id} moved={`${endpoint.status} ${endpoint.lastDeliveredAt} ${endpoint.nextAttemptAt}`} />
    </Screen>
  );
}

function Settings({ endpoint }: { endpoint: Endpoint }) {
  const t = useTexts();
  const words = t.destinations.endpoints;
  const headers = Object.keys((endpoint.headers ?? {}) as Record<string, unknown>);
  return (
    <Facts
      facts={[
        [words.events, endpoint.eventTypes.map((type) => eventLabel(t.destinations, type)).join(", ")],
        [words.segments, endpoint.segments?.map(({ name }) => name).join(", ") || words.allSegments],
        [words.mode, wordOf(words.modes, endpoint.mode)],
        [words.onFailure, wordOf(words.failurePolicies, endpoint.onFailure)],
        [words.batch, words.batchOf(endpoint.batchSize)],
        [words.contactsIn, endpoint.includeContacts ? words.contactsWhole : words.contactsIds],
        [words.rate, endpoint.requestsPerSecond == null ? words.unlimited : formatNumber(endpoint.requestsPerSecond)],
        [words.headers, headers.join(", ")],
        [words.workflows, endpoint.workflows?.map(({ name }) => name).join(", ")],
        [words.created, <Moment key="created" at={endpoint.createdAt} />],
      ]}
    />
  );
}

/** Names with their values; what has no value is left out. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <SimpleGrid component="dl" cols={{ base: 1, xs: 2, md: 4 }} m={0} verticalSpacing="sm">
      {facts.map(
        ([label, value]) =>
          value && (
            <div key={label}>
              <Text component="dt" size="xs" c="dimmed">
                {label}
              </Text>
              <Text component="dd" size="sm" m={0}>
                {value}
              </Text>
            </div>
          ),
      )}
    </SimpleGrid>
  );
}
