import { Table } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { Cut } from "../../components/cut";
import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { PlainTable } from "../../components/plain_table";
import { Screen } from "../../components/screen";
import { StatusBadge } from "../../components/status_badge";
import { useKit } from "../../components/use_kit";
import { wordOf } from "../../format/words";
import { MOST_FOLLOWED, useLive } from "../../relay/live";
import { useScreenQuery } from "../../relay/screen_query";
import { useMayEach } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { endpointList_endpoint$key } from "../../__generated__/endpointList_endpoint.graphql";
import type { endpointListQuery } from "../../__generated__/endpointListQuery.graphql";
import type { endpointListSubscription } from "../../__generated__/endpointListSubscription.graphql";
import { AddEndpoint, NoEndpoints } from "./destination_parts";
import { DestinationTabs } from "./destination_tabs";
import { ENDPOINT_COLORS, lagOf, pendingOf } from "./endpoint_words";

const QUERY = graphql`
  query endpointListQuery {
    webhookEndpoints {
      id
      ...endpointList_endpoint
    }
  }
`;

const LIVE = graphql`
  subscription endpointListSubscription($id: ID!) {
    webhookEndpointProgress(id: $id) {
      ...endpointList_endpoint
    }
  }
`;

/** No subscription tells of endpoints that others add or delete, nor that time passes. */
const EVERY_MS = 30_000;

/** All endpoints, with how far each is behind, as it is now. */
export function EndpointList() {
  const kit = useKit();
  const { t } = kit;
  const may = useMayEach();
  const words = t.destinations.endpoints;
  const [{ webhookEndpoints }] = useScreenQuery<endpointListQuery>(QUERY, {}, { everyMs: EVERY_MS });
  return (
    <Screen title={t.destinations.title} lead={words.lead} actions={webhookEndpoints.length > 0 && <AddEndpoint kit={kit} />}>
      <DestinationTabs kit={kit} may={may} shown="webhooks" />
      {webhookEndpoints.length === 0 ? (
        <NoEndpoints kit={kit} />
      ) : (
        <PlainTable label={t.destinations.webhooks} minWidth={760} columns={[words.url, words.status, words.pending, words.lag, words.lastDelivered]}>
          {webhookEndpoints.map((endpoint, index) => (
            <EndpointRow key={endpoint.id} id={endpoint.id} endpoint={endpoint} isFollowed={index < MOST_FOLLOWED} />
          ))}
        </PlainTable>
      )}
    </Screen>
  );
}

function EndpointRow({ id, endpoint: key, isFollowed }: { id: string; endpoint: endpointList_endpoint$key; isFollowed: boolean }) {
  const t = useTexts();
  const words = t.destinations.endpoints;
  useLive<endpointListSubscription>(LIVE, isFollowed ? { id } : null);
  const endpoint = useFragment(
    graphql`
      fragment endpointList_endpoint on WebhookEndpoint {
        url
        description
        status
        reason
        pendingEvents
        lagSeconds
        lastDeliveredAt
      }
    `,
    key,
  );
  return (
    <Table.Tr data-id={id}>
      <Table.Td maw={420}>
        <LinkTo to="/destinations/webhooks/$endpoint" params={{ endpoint: id }} fw={500} size="sm">
          {endpoint.url}
        </LinkTo>
        {(endpoint.reason ?? endpoint.description) && (
          <Cut size="xs" c="dimmed" lines={2}>
            {endpoint.reason ?? endpoint.description}
          </Cut>
        )}
      </Table.Td>
      <Table.Td>
        <StatusBadge color={ENDPOINT_COLORS[endpoint.status] ?? "gray"}>{wordOf(words.statuses, endpoint.status)}</StatusBadge>
      </Table.Td>
      <Table.Td>{pendingOf(t.destinations, endpoint.pendingEvents)}</Table.Td>
      <Table.Td>{lagOf(t.destinations, endpoint.lagSeconds)}</Table.Td>
      <Table.Td>{endpoint.lastDeliveredAt ? <Moment at={endpoint.lastDeliveredAt} /> : words.never}</Table.Td>
    </Table.Tr>
  );
}
