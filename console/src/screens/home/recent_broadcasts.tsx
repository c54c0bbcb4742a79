import { Group, Progress, Stack, Text } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { Moment } from "../../components/moment";
import { PathLink } from "../../components/path_link";
import { StatusBadge } from "../../components/status_badge";
import { useTexts } from "../../texts/texts";
import type { BroadcastStatus, recentBroadcasts_query$data, recentBroadcasts_query$key } from "../../__generated__/recentBroadcasts_query.graphql";
import { HomeCard } from "./home_card";

const COLORS: Record<BroadcastStatus, string> = {
  DRAFT: "gray",
  SCHEDULED: "brand",
  PREPARING: "brand",
  SENDING: "brand",
  PAUSED: "yellow",
  COMPLETED: "teal",
  CANCELLED: "gray",
  FAILED: "red",
};

/** The newest broadcasts, each with what became of its messages. */
export function RecentBroadcasts({ query }: { query: recentBroadcasts_query$key }) {
  const t = useTexts().home;
  const { recent } = useFragment(
    graphql`
      fragment recentBroadcasts_query on Query {
        recent: broadcasts(first: 5) @include(if: $mayBroadcasts) {
          nodes {
            id
            name
            status
            createdAt
            startedAt
            scheduledAt
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
        }
      }
    `,
    query,
  );
  const broadcasts = recent?.nodes ?? [];
  return (
    <HomeCard title={t.broadcasts.title} all={{ path: "/broadcasts", label: t.all }}>
      {broadcasts.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.broadcasts.none}
        </Text>
      )}
      <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
        {broadcasts.map((broadcast) => (
          <Line key={broadcast.id} broadcast={broadcast} />
        ))}
      </Stack>
    </HomeCard>
  );
}

function Line({ broadcast }: { broadcast: NonNullable<recentBroadcasts_query$data["recent"]>["nodes"][number] }) {
  const t = useTexts().home.broadcasts;
  const { counts, status } = broadcast;
  const arrived = counts.delivered + counts.read;
  const gone = counts.sent + arrived;
  const total = gone + counts.pending + counts.sending + counts.failed + counts.skipped + counts.unconfirmed;
  return (
    <li>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <PathLink path={`/broadcasts/${broadcast.id}`} size="sm" fw={600} truncate>
          {broadcast.name}
        </PathLink>
        <StatusBadge color={COLORS[status]}>{t.statuses[status]}</StatusBadge>
      </Group>
      {total > 0 && (
        <>
          <Progress.Root size="sm" my={6} aria-hidden>
            <Progress.Section value={(100 * counts.read) / total} color="teal.8" />
            <Progress.Section value={(100 * counts.delivered) / total} color="teal.5" />
            <Progress.Section value={(100 * counts.sent) / total} color="brand.4" />
            <Progress.Section value={(100 * (counts.failed + counts.unconfirmed)) / total} color="red.6" />
          </Progress.Root>
          <Text size="xs" c="dimmed">
            {t.counts({ total, gone, arrived, read: counts.read, failed: counts.failed + counts.unconfirmed })}
          </Text>
        </>
      )}
      <Text size="xs" c="dimmed">
        {broadcast.startedAt ? t.started : broadcast.scheduledAt ? t.scheduled : t.created}{" "}
        <Moment at={broadcast.startedAt ?? broadcast.scheduledAt ?? broadcast.createdAt} inherit span />
      </Text>
    </li>
  );
}
