import { Table, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { graphql } from "relay-runtime";

import { Empty } from "../../components/empty";
import { ButtonTo, LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { PlainTable } from "../../components/plain_table";
import { Screen } from "../../components/screen";
import { StatusBadge } from "../../components/status_badge";
import { wordOf } from "../../format/words";
import { useScreenQuery } from "../../relay/screen_query";
import { useTexts } from "../../texts/texts";
import type { endpointListQuery } from "../../__generated__/endpointListQuery.graphql";
import { DestinationTabs } from "./destination_tabs";
import { ENDPOINT_COLORS, lagOf, pendingOf } from "./endpoint_words";

const QUERY = graphql`
  query endpointListQuery {
    webhookEndpoints {
      id
      url
      description
      status
      reason
      pendingEvents
      lagSeconds
      lastDeliveredAt
    }
  }
`;

const EVERY_MS = 2_000;

/** All endpoints, with how far each is behind, as it is now. */
export function EndpointList() {
  const t = useTexts();
  const words = t.destinations.endpoints;
  const [{ webhookEndpoints }] = useScreenQuery<endpointListQuery>(QUERY, {}, { everyMs: EVERY_MS });
  const add = (
    <ButtonTo to="/destinations/webhooks/new" leftSection={<IconPlus size={16} />}>
      {words.add}
    </ButtonTo>
  );
  return (
    <Screen title={t.destinations.title} lead={words.lead} actions={webhookEndpoints.length > 0 && add}>
      <DestinationTabs shown="webhooks" />
      {webhookEndpoints.length === 0 ? (
        <Empty title={words.empty} action={add}>
          {words.emptyLead}
        </Empty>
      ) : (
        <PlainTable label={t.destinations.webhooks} minWidth={760} columns={[words.url, words.status, words.pending, words.lag, words.lastDelivered]}>
          {webhookEndpoints.map((endpoint) => (
            <Table.Tr key={endpoint.id} data-id={endpoint.id}>
              <Table.Td maw={420}>
                <LinkTo to="/destinations/webhooks/$endpoint" params={{ endpoint: endpoint.id }} fw={500} size="sm">
                  {endpoint.url}
                </LinkTo>
                {(endpoint.reason ?? endpoint.description) && (
                  <Text size="xs" c="dimmed" lineClamp={2}>
                    {endpoint.reason ?? endpoint.description}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                <StatusBadge color={ENDPOINT_COLORS[endpoint.status] ?? "gray"}>{wordOf(words.statuses, endpoint.status)}</StatusBadge>
              </Table.Td>
              <Table.Td>{pendingOf(t.destinations, endpoint.pendingEvents)}</Table.Td>
              <Table.Td>{lagOf(t.destinations, endpoint.lagSeconds)}</Table.Td>
              <Table.Td>{endpoint.lastDeliveredAt ? <Moment at={endpoint.lastDeliveredAt} /> : words.never}</Table.Td>
            </Table.Tr>
          ))}
        </PlainTable>
      )}
    </Screen>
  );
}
