import { Alert, Grid, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { graphql } from "relay-runtime";

import { NotFound } from "../../app/failures";
import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { Screen } from "../../components/screen";
import { useNow } from "../../format/use_moments";
import { usePoll, useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { broadcastPageCountsQuery } from "../../__generated__/broadcastPageCountsQuery.graphql";
import type { broadcastPageQuery, broadcastPageQuery$data } from "../../__generated__/broadcastPageQuery.graphql";
import { BroadcastActions } from "./broadcast_actions";
import { useBroadcastLive } from "./broadcast_live";
import { ExclusionDrawer } from "./exclusion_list";
import { Figures } from "./figures";
import { Funnel, useExclusionWords } from "./funnel";
import { figuresOf, withSample, type Sample } from "./pace";
import { Reasons } from "./reasons";
import { RecipientList } from "./recipient_list";
import { broadcastRoute, type BroadcastSearch } from "./routes";
import { ScheduleCard } from "./schedule_card";
import { SentMessage } from "./sent_message";
import { useReasonText } from "./status";
import { BroadcastStatusBadge } from "./status_badge";

const QUERY = graphql`
  query broadcastPageQuery($id: ID!, $mayReadSegments: Boolean!, $mayReadContacts: Boolean!) {
    broadcast(id: $id) {
      id
      name
      status
      reason
      scheduledAt
      startedAt
      finishedAt
      createdAt
      retryOf {
        id
        name
      }
      includeSegments @include(if: $mayReadSegments) {
        id
        name
      }
      excludeSegments @include(if: $mayReadSegments) {
        id
        name
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
      ...broadcastActions_broadcast
      ...funnel_broadcast
      ...scheduleCard_broadcast
      ...reasons_broadcast
      ...sentMessage_broadcast
    }
    ...scheduleCard_query
  }
`;

const COUNTS = graphql`
  query broadcastPageCountsQuery($id: ID!) {
    broadcast(id: $id) {
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
`;

export type PageBroadcast = NonNullable<broadcastPageQuery$data["broadcast"]>;

const LATE_NEWS_MS = 3_600_000;
const EVERY_MS = 5_000;
const REASONS_AFTER_MS = 1_500;

/** A broadcast as it goes on, and what became of it. */
export function BroadcastPage() {
  const { broadcastId: id } = broadcastRoute.useParams();
  const mayReadSegments = useMay("SEGMENT_READ");
  const mayReadContacts = useMay("CONTACT_READ");
  const [data, reload] = useScreenQuery<broadcastPageQuery>(QUERY, { id, mayReadSegments, mayReadContacts });
  if (!data.broadcast) return <NotFound />;
  return <Page key={id} data={data} broadcast={data.broadcast} reload={reload} />;
}

function Page({ data, broadcast, reload }: { data: broadcastPageQuery$data; broadcast: PageBroadcast; reload: () => void }) {
  const t = useTexts().broadcasts;
  const search = broadcastRoute.useSearch();
  const navigate = broadcastRoute.useNavigate();
  const maySend = useMay("BROADCAST_SEND");
  const words = useExclusionWords(broadcast.retryOf != null);
  const { id, status } = broadcast;
  const figures = figuresOf(broadcast.counts);
  const hasStarted = figures.total > 0;
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useBroadcastLive(id, status, ({ status: next, counts }) =>
    setSamples((before) => (next === "SENDING" ? withSample(before, { at: Date.now(), done: figuresOf(counts).done }) : [])),
  );
  useNews(broadcast, figures.failed + figures.skipped + figures.unconfirmed, reload);

  const show = (next: BroadcastSearch) => void navigate({ search: next, replace: true, resetScroll: false });
  const list = (next: BroadcastSearch) => {
    show(next);
    document.getElementById("recipients")?.scrollIntoView({ block: "start" });
    document.getElementById("recipients")?.focus({ preventScroll: true });
  };
  return (
    <Screen
      title={broadcast.name}
      lead={<Lead broadcast={broadcast} />}
      actions={maySend && <BroadcastActions broadcast={broadcast} onDone={reload} />}
    >
      <Explanation broadcast={broadcast} />
      {hasStarted && <Figures broadcast={broadcast} samples={samples} onShow={(state) => list({ state })} />}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack>
            {status === "SCHEDULED" && maySend && <ScheduleCard query={data} broadcast={broadcast} isReady />}
            <Reasons broadcast={broadcast} onShow={(state, reason) => list({ state, reason })} />
            <SentMessage broadcast={broadcast} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Funnel broadcast={broadcast} onOpen={(excluded) => show({ ...search, excluded })} onRecipients={() => list({})} />
        </Grid.Col>
      </Grid>
      {hasStarted ? (
        <RecipientList id={id} status={status} search={search} onSearch={(next) => show({ ...next, excluded: search.excluded })} />
      ) : (
        <Text size="sm" c="dimmed">
          {t.notYet}
        </Text>
      )}
      <ExclusionDrawer id={id} reason={search.excluded} words={words} onClose={() => show({ ...search, excluded: undefined })} />
    </Screen>
  );
}

function Lead({ broadcast }: { broadcast: PageBroadcast }) {
  const t = useTexts().broadcasts;
  const { status, scheduledAt, startedAt, finishedAt, createdAt, retryOf } = broadcast;
  const when = finishedAt
    ? ([t.finishedAt, finishedAt] as const)
    : startedAt
      ? ([t.startedAt, startedAt] as const)
      : scheduledAt
        ? ([t.startsAt, scheduledAt] as const)
        : ([t.created, createdAt] as const);
  return (
    <Group gap="xs">
      <span role="status">
        <BroadcastStatusBadge t={useTexts()} status={status} />
      </span>
      <span>
        {when[0]} <Moment at={when[1]} exact={status === "SCHEDULED"} />
      </span>
      {retryOf && (
        <span>
          {t.retryOf}{" "}
          <LinkTo to="/broadcasts/$broadcastId" params={{ broadcastId: retryOf.id }} size="sm">
            {retryOf.name}
          </LinkTo>
        </span>
      )}
    </Group>
  );
}

/** What the state means, why it is so, and what to do. */
function Explanation({ broadcast: { status, reason } }: { broadcast: PageBroadcast }) {
  const t = useTexts().broadcasts;
  const reasonText = useReasonText();
  const why = reasonText(reason, status);
  const isTrouble = status === "PAUSED" || status === "FAILED";
  return (
    <Alert
      color={status === "FAILED" ? "red" : status === "PAUSED" ? "orange" : "gray"}
      icon={isTrouble ? <IconAlertTriangle size={18} /> : <IconInfoCircle size={18} />}
      role="status"
    >
      {why && <Text size="sm">{why}</Text>}
      <Text size="sm">{t.statusLeads[status]}</Text>
    </Alert>
  );
}

/**
 * Reads the page again when the state has changed, and soon after another message did not get through; and the counts now and
 * then while late news of an ended broadcast may come.
 */
function useNews({ id, status, finishedAt }: PageBroadcast, troubles: number, reload: () => void): void {
  const now = useNow();
  const again = useEffectEvent(reload);
  const seenStatus = useRef(status);
  useEffect(() => {
    if (seenStatus.current === status) return;
    seenStatus.current = status;
    again();
  }, [status]);
  const seen = useRef(troubles);
  useEffect(() => {
    if (seen.current === troubles) return;
    const timer = setTimeout(() => {
      seen.current = troubles;
      again();
    }, REASONS_AFTER_MS);
    return () => clearTimeout(timer);
  }, [troubles]);
  const isRecent = finishedAt != null && now - Date.parse(finishedAt) < LATE_NEWS_MS;
  usePoll<broadcastPageCountsQuery>(COUNTS, { id }, isRecent ? EVERY_MS : null);
}
