import { Alert, Button, Card, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { graphql, useFragment } from "react-relay";

import { Select } from "../../components/choices";
import { confirm } from "../../components/confirm";
import { notifyDone } from "../../components/notify";
import { Segments } from "../../components/segments";
import { formatDuration, formatMoment } from "../../format/moments";
import { useMoments, useNow } from "../../format/use_moments";
import { useMutationCall } from "../../relay/commit";
import { useTexts } from "../../texts/texts";
import type { scheduleCard_broadcast$key } from "../../__generated__/scheduleCard_broadcast.graphql";
import type { scheduleCard_query$key } from "../../__generated__/scheduleCard_query.graphql";
import type { scheduleCardMutation } from "../../__generated__/scheduleCardMutation.graphql";
import { instantOf, viewersZone, wallOf, zonesFrom } from "./zones";

const MomentPicker = lazy(() => import("./moment_picker"));

const SCHEDULE = graphql`
  mutation scheduleCardMutation($id: ID!, $at: DateTime) {
    broadcastSchedule(id: $id, at: $at) {
      broadcast {
        id
        status
        scheduledAt
        reason
      }
      userErrors {
        message
      }
    }
  }
`;

const HOUR_MS = 3_600_000;

/** Says when a broadcast starts, and starts it after a look at the numbers. */
export function ScheduleCard({
  query,
  broadcast: key,
  isReady,
  maxLateness,
  onMaxLateness,
}: {
  query: scheduleCard_query$key;
  broadcast: scheduleCard_broadcast$key;
  isReady: boolean;
  maxLateness?: string | null;
  onMaxLateness?: (value: string | null) => void;
}) {
  const t = useTexts().broadcasts;
  const navigate = useNavigate();
  const { whatsappChannel: channel } = useFragment(
    graphql`
      fragment scheduleCard_query on Query {
        whatsappChannel {
          status
          messagesPerSecond
          dailyLimit
          reachedToday
        }
      }
    `,
    query,
  );
  const broadcast = useFragment(
    graphql`
      fragment scheduleCard_broadcast on Broadcast {
        id
        name
        scheduledAt
        audience {
          recipients
          exclusions {
            count
          }
        }
      }
    `,
    key,
  );
  const { zone: workspaceZone } = useMoments();
  const now = useNow();
  const [when, setWhen] = useState<"now" | "later">(broadcast.scheduledAt ? "later" : "now");
  const [zone, setZone] = useState(workspaceZone);
  const [wall, setWall] = useState<string | null>(() =>
    wallOf(broadcast.scheduledAt ?? new Date(Math.ceil((Date.now() + HOUR_MS) / HOUR_MS) * HOUR_MS).toISOString(), workspaceZone),
  );
  const [refusals, setRefusals] = useState<readonly string[]>([]);
  const [schedule, isBusy] = useMutationCall<scheduleCardMutation>(SCHEDULE);
  const at = when === "later" && wall ? instantOf(wall, zone) : null;
  const isPast = at !== null && Date.parse(at) <= now;
  const { recipients, exclusions } = broadcast.audience;
  const excluded = exclusions.reduce((sum, { count }) => sum + count, 0);

  const review = async () => {
    const left = channel?.dailyLimit == null ? null : Math.max(0, channel.dailyLimit - channel.reachedToday);
    const sentences = [
      at ? t.confirmLater(recipients, formatMoment(at, workspaceZone)) : t.confirmNow(recipients),
      excluded > 0 ? t.confirmLeft(excluded) : null,
      channel && recipients > channel.messagesPerSecond
        ? t.confirmPace(formatDuration(recipients / channel.messagesPerSecond), channel.messagesPerSecond)
        : null,
      channel?.dailyLimit != null && left !== null && left < recipients ? t.confirmLimit(channel.dailyLimit, left) : null,
    ];
    const isSure = await confirm({
      title: t.confirmTitle(broadcast.name),
      children: sentences.filter((each) => each !== null).map((each) => <p key={each}>{each}</p>),
      action: at ? t.confirmSchedule : t.confirmSend(recipients),
      isDestructive: false,
    });
    if (!isSure) return;
    const answer = await schedule({ id: broadcast.id, at });
    if (!answer) return;
    const { userErrors } = answer.broadcastSchedule;
    setRefusals(userErrors.map(({ message }) => message));
    if (userErrors.length > 0) return;
    notifyDone(at ? t.scheduled(formatMoment(at, workspaceZone)) : t.started);
    void navigate({ to: "/broadcasts/$broadcastId", params: { broadcastId: broadcast.id } });
  };

  return (
    <Card withBorder>
      <Stack>
        <Title order={2} size="h4">
          {t.send}
        </Title>
        <Segments
          label={t.whenToSend}
          value={when}
          onChange={setWhen}
          choices={[
            { value: "now", label: t.sendNow },
            { value: "later", label: t.sendLater },
          ]}
          isNarrow
        />
        {when === "later" && (
          <>
            <Group align="flex-start" grow preventGrowOverflow={false}>
              <Suspense fallback={<Skeleton height={60} />}>
                <MomentPicker
                  label={t.startAt}
                  value={wall}
                  onChange={setWall}
                  min={wallOf(new Date(now).toISOString(), zone)}
                  error={isPast ? t.past : undefined}
                />
              </Suspense>
              <Select
                label={t.zone}
                searchable
                allowDeselect={false}
                miw={220}
                value={zone}
                data={zonesFrom(workspaceZone, viewersZone()).map((each) => ({ value: each, label: zoneLabel(t, each, workspaceZone) }))}
                limit={60}
                onChange={(value) => value && setZone(value)}
              />
            </Group>
            {at && !isPast && (
              <Text size="sm" role="status">
                {t.inWorkspace(formatMoment(at, workspaceZone))}
                {viewersZone() !== workspaceZone && ` · ${t.inYours(formatMoment(at, viewersZone()))}`}
              </Text>
            )}
            {onMaxLateness && (
              <Select
                label={t.latest}
                allowDeselect={false}
                value={maxLateness ?? ""}
                onChange={(value) => onMaxLateness(value || null)}
                data={latenesses(t, maxLateness)}
                maw={320}
              />
            )}
          </>
        )}
        {refusals.length > 0 && (
          <Alert color="red" role="alert">
            {refusals.map((refusal) => (
              <div key={refusal}>{refusal}</div>
            ))}
          </Alert>
        )}
        {recipients === 0 && (
          <Text size="sm" c="dimmed">
            {t.nobodyToSend}
          </Text>
        )}
        <Group>
          <Button onClick={review} loading={isBusy} disabled={!isReady || recipients === 0 || isPast || (when === "later" && !at)}>
            {when === "later" ? t.reviewLater : t.review}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}

type Texts = ReturnType<typeof useTexts>["broadcasts"];

function zoneLabel(t: Texts, zone: string, workspace: string): string {
  if (zone === workspace) return t.zoneWorkspace(zone);
  return zone === viewersZone() ? t.zoneYours(zone) : zone;
}

function latenesses(t: Texts, chosen: string | null | undefined) {
  const known = [
    { value: "", label: t.latestNone },
    { value: "PT1H", label: t.latestHour },
    { value: "PT6H", label: t.latestSixHours },
    { value: "P1D", label: t.latestDay },
  ];
  return chosen && !known.some(({ value }) => value === chosen) ? [...known, { value: chosen, label: chosen }] : known;
}
