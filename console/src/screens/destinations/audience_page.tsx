import { Alert, Card, Group, Stack, Text } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { NotFound } from "../../app/failures";
import { FigureCards } from "../../components/figure_cards";
import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { sentence } from "../../components/notify";
import { Screen } from "../../components/screen";
import { StatusBadge } from "../../components/status_badge";
import { formatDuration } from "../../format/moments";
import { wordOf } from "../../format/words";
import { useLive } from "../../relay/live";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { audiencePage_audience$key } from "../../__generated__/audiencePage_audience.graphql";
import type { audiencePageQuery } from "../../__generated__/audiencePageQuery.graphql";
import type { audiencePageSubscription } from "../../__generated__/audiencePageSubscription.graphql";
import { AudienceActions } from "./audience_actions";
import { AUDIENCE_COLORS } from "./audience_words";
import { Facts } from "./endpoint_page";
import { RefusedContacts } from "./refused_contacts";
import { audienceRoute } from "./routes";

const QUERY = graphql`
  query audiencePageQuery($id: ID!) {
    audience(id: $id) {
      ...audiencePage_audience
      ...audienceActions_audience
    }
  }
`;

const LIVE = graphql`
  subscription audiencePageSubscription($id: ID!) {
    audienceProgress(id: $id) {
      ...audiencePage_audience
      ...audienceActions_audience
    }
  }
`;

/** No event tells that time passes, and with it for how long the oldest change has waited. */
const EVERY_MS = 30_000;

/** One audience: who is in it, who is not and why, and what can be done. */
export function AudiencePage() {
  const t = useTexts();
  const words = t.destinations.meta;
  const { audience: id } = audienceRoute.useParams();
  const mayContacts = useMay("CONTACT_READ");
  const [data, reload] = useScreenQuery<audiencePageQuery>(QUERY, { id }, { everyMs: EVERY_MS });
  useLive<audiencePageSubscription>(LIVE, data.audience ? { id } : null);
  const audience = useFragment<audiencePage_audience$key>(
    graphql`
      fragment audiencePage_audience on Audience {
        id
        name
        mode
        keys
        status
        reason
        lastSyncedAt
        lagSeconds
        deliveryStatus
        approximateLower
        approximateUpper
        segment {
          id
          name
          deletedAt
        }
        counts {
          members
          present
          pending
          unmatchable
          excluded
          refused
          leaving
          kept
        }
      }
    `,
    data.audience,
  );
  if (!audience || !data.audience) return <NotFound />;
  const { counts } = audience;
  const tiles = [
    { label: words.counts.members, lead: words.counts.membersLead, count: counts.members },
    { label: words.counts.present, lead: words.counts.presentLead, count: counts.present },
    { label: words.counts.pending, lead: words.counts.pendingLead, count: counts.pending },
    { label: words.counts.refused, lead: words.counts.refusedLead, count: counts.refused },
    { label: words.counts.unmatchable, lead: words.counts.unmatchableLead, count: counts.unmatchable },
    { label: words.counts.excluded, lead: words.counts.excludedLead, count: counts.excluded },
    { label: words.counts.leaving, lead: words.counts.leavingLead, count: counts.leaving },
    { label: words.counts.kept, lead: words.counts.keptLead, count: counts.kept },
  ];
  const { approximateLower: lower, approximateUpper: upper } = audience;
  return (
    <Screen
      title={audience.name}
      lead={
        <Group gap="xs" wrap="nowrap" align="baseline">
          <LinkTo to="/destinations/audiences" size="sm" flex="none">
            {t.destinations.audiences}
          </LinkTo>
          <Text size="sm">
            · {words.segment}: {audience.segment.name}
            {audience.segment.deletedAt && ` (${words.segmentGone})`}
          </Text>
        </Group>
      }
      actions={<AudienceActions audience={data.audience} onChange={reload} />}
    >
      <Card withBorder>
        <Stack gap="sm">
          <Group gap="sm" role="status">
            <StatusBadge color={AUDIENCE_COLORS[audience.status] ?? "gray"}>{wordOf(words.audienceStatuses, audience.status)}</StatusBadge>
            <Text size="sm" c="dimmed">
              {words.statusLeads[audience.status]}
            </Text>
          </Group>
          {audience.reason && (
            <Alert color={audience.status === "BLOCKED" ? "red" : "yellow"} role={audience.status === "BLOCKED" ? "alert" : undefined}>
              {sentence(audience.reason)}
            </Alert>
          )}
          <Facts
            facts={[
              [words.lastSynced, audience.lastSyncedAt && <Moment key="synced" at={audience.lastSyncedAt} />],
              [words.lag, audience.lagSeconds >= 1 && formatDuration(audience.lagSeconds)],
              [words.mode, wordOf(words.modes, audience.mode)],
              [words.recognisedBy, audience.keys.map((key) => wordOf(words.keyNames, key)).join(", ")],
              [words.delivery, audience.deliveryStatus],
              [`${words.atMeta} (${words.atMetaLead})`, lower != null && upper != null && words.size(lower, upper)],
            ]}
          />
        </Stack>
      </Card>
      <FigureCards figures={tiles} cols={{ base: 2, sm: 4 }} />
      {mayContacts && counts.refused > 0 && <RefusedContacts key={counts.refused} audience={audience.id} />}
    </Screen>
  );
}
