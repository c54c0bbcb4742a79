import { Alert, Button, Group, Loader, Stack, Text, Timeline as Line } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { IconActivity, IconLogin2, IconLogout2 } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useState } from "react";
import { graphql } from "relay-runtime";

import { Select } from "../../components/choices";
import { Empty } from "../../components/empty";
import { Moment } from "../../components/moment";
import { messageOf } from "../../components/notify";
import { PathLink } from "../../components/path_link";
import { Segments } from "../../components/segments";
import { plainWords } from "../../format/words";
import { useReturn } from "../../relay/live";
import { useRead } from "../../relay/read";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { timelineKindsQuery } from "../../__generated__/timelineKindsQuery.graphql";
import { SHOWN, type PageSearch } from "./page_search";
import { Properties } from "./properties";
import { useSenders } from "./use_senders";
import { useTimeline, type TimelineEntry, type TimelineLists } from "./use_timeline";

/** What the contact did or had done to it, and which segments it entered and left: one list, the newest first, without an end. */
export function Timeline({
  contactId,
  search,
  change,
  turn,
  given,
}: {
  contactId: string;
  search: PageSearch;
  change: (next: Partial<PageSearch>) => void;
  /** Grows when something new may have happened. */
  turn: number;
  /** What the screen has read of it. */
  given: TimelineLists;
}) {
  const t = useTexts();
  const maySegments = useMay("SEGMENT_READ");
  const shown = search.show ?? "all";
  const { entries, hasMore, hasNews, more, again, isFirst, isLoading, error } = useTimeline(contactId, shown, search.kind, maySegments, turn, given);
  useReturn(again);
  const senders = useSenders(entries);
  const { ref, entry: end } = useIntersection({ rootMargin: "400px" });
  const read = useEffectEvent(() => more());
  const isEndInView = end?.isIntersecting === true;
  useEffect(() => {
    if (isEndInView && hasMore && !isLoading && !error) read();
  }, [isEndInView, hasMore, isLoading, error]);

  return (
    <Stack gap="md">
      <Group gap="xs">
        {maySegments && (
          <Segments
            label={t.contacts.timeline.show}
            isSmall
            choices={SHOWN.map((each) => ({ value: each, label: t.contacts.timeline.shown[each] }))}
            value={search.kind ? "activities" : shown}
            onChange={(next) => change({ show: next === "all" ? undefined : next, kind: undefined })}
          />
        )}
        {shown !== "segments" && maySegments && <KindSelect kind={search.kind} onChange={(kind) => change({ kind })} />}
      </Group>
      {hasNews && (
        <Button variant="light" size="compact-sm" onClick={again}>
          {t.contacts.timeline.news}
        </Button>
      )}
      {error && (
        <Alert color="red" role="alert">
          {messageOf(error)}{" "}
          <Button size="compact-sm" variant="light" onClick={entries.length > 0 ? more : again}>
            {t.common.tryAgain}
          </Button>
        </Alert>
      )}
      {!isFirst && entries.length === 0 && !hasMore && <Empty title={t.contacts.timeline.empty}>{t.contacts.timeline.emptyLead}</Empty>}
      {entries.length > 0 && (
        <Line bulletSize={26} lineWidth={2} aria-label={t.contacts.page.tabs.timeline} role="list">
          {entries.map((entry) => (
            <Line.Item key={entry.key} role="listitem" bullet={<Bullet entry={entry} />} title={<Headline entry={entry} />}>
              {"activity" in entry && <Properties value={entry.activity.properties} senders={senders} />}
              <Text size="xs" c="dimmed" mt={2}>
                <Moment at={entry.at} inherit span /> · <Moment at={entry.at} exact inherit span />
              </Text>
            </Line.Item>
          ))}
        </Line>
      )}
      <div ref={ref} />
      {isLoading && (
        <Group justify="center">
          <Loader size="sm" aria-label={t.common.loading} />
        </Group>
      )}
    </Stack>
  );
}

function Bullet({ entry }: { entry: TimelineEntry }) {
  if ("activity" in entry) return <IconActivity size={14} aria-hidden />;
  return entry.change.kind === "ENTERED" ? <IconLogin2 size={14} aria-hidden /> : <IconLogout2 size={14} aria-hidden />;
}

function Headline({ entry }: { entry: TimelineEntry }) {
  const t = useTexts().contacts;
  if ("activity" in entry) {
    return (
      <Text size="sm" fw={600}>
        {plainWords(entry.activity.kind)}
      </Text>
    );
  }
  const { kind, origin, segment } = entry.change;
  return (
    <Text size="sm">
      {kind === "ENTERED" ? t.timeline.entered : t.timeline.left}{" "}
      {segment ? (
        <PathLink path={`/segments/${segment.id}`} fw={600} inherit>
          {segment.name}
        </PathLink>
      ) : (
        <b>{t.timeline.deletedSegment}</b>
      )}{" "}
      <Text span c="dimmed" inherit>
        {t.origins[origin]}
      </Text>
    </Text>
  );
}

const KINDS = graphql`
  query timelineKindsQuery {
    activityKinds {
      kind
    }
  }
`;

function KindSelect({ kind, onChange }: { kind: string | undefined; onChange: (kind: string | undefined) => void }) {
  const t = useTexts();
  const [isOpen, setOpen] = useState(false);
  const { data } = useRead<timelineKindsQuery>(KINDS, isOpen ? {} : null);
  const kinds = new Set([...(kind ? [kind] : []), ...(data?.activityKinds.map((each) => each.kind) ?? [])]);
  return (
    <Select
      size="xs"
      w={220}
      aria-label={t.contacts.timeline.kind}
      placeholder={t.contacts.timeline.kind}
      data={[...kinds].map((each) => ({ value: each, label: plainWords(each) }))}
      value={kind ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      onDropdownOpen={() => setOpen(true)}
      nothingFoundMessage={data ? t.common.nothingFound : t.common.loading}
      searchable
      clearable
      clearButtonProps={{ "aria-label": t.common.clear }}
    />
  );
}
