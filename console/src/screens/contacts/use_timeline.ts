import { useCallback, useEffect, useRef, useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { fetchQuery, graphql, type Subscription } from "relay-runtime";

import type { useTimelineQuery, useTimelineQuery$data } from "../../__generated__/useTimelineQuery.graphql";
import { mergeTimeline, type Source } from "./merge_timeline";
import type { Shown } from "./page_search";

const QUERY = graphql`
  query useTimelineQuery(
    $id: ID!
    $kind: String
    $activitiesAfter: String
    $changesAfter: String
    $withActivities: Boolean!
    $withChanges: Boolean!
  ) {
    contact(id: $id) {
      id
      activities(first: 50, after: $activitiesAfter, kind: $kind) @include(if: $withActivities) {
        nodes {
          id
          kind
          occurredAt
          properties
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
      membershipHistory(first: 50, after: $changesAfter) @include(if: $withChanges) {
        nodes {
          cursor
          kind
          origin
          at
          segmentId
          segment {
            id
            name
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`;

type Contact = NonNullable<useTimelineQuery$data["contact"]>;
type Activity = NonNullable<Contact["activities"]>["nodes"][number];
type Change = NonNullable<Contact["membershipHistory"]>["nodes"][number];

export type TimelineEntry = { at: string; key: string } & ({ activity: Activity } | { change: Change });

type Lists = [Source<TimelineEntry>, Source<TimelineEntry>];
type State = { lists: Lists; turn: number; isFirst: boolean; isLoading: boolean; error: Error | null };

export type TimelineRead = Pick<State, "isFirst" | "isLoading" | "error"> & {
  entries: readonly TimelineEntry[];
  hasMore: boolean;
  /** Something new waits for `again`: with many entries it would move what is being read. */
  hasNews: boolean;
  more: () => void;
  again: () => void;
};

const UNREAD: State = { lists: [source([], false), source([], false)], turn: 0, isFirst: true, isLoading: true, error: null };

function source(entries: readonly TimelineEntry[], hasMore: boolean): Source<TimelineEntry> {
  return { entries, hasMore };
}

const FEW = 100;

/** Reads activities and changes of segments page by page, as one timeline, the newest first; again when `turn` grows. */
export function useTimeline(
  contactId: string,
  shown: Shown,
  kind: string | undefined,
  maySegments: boolean,
  turn: number,
): TimelineRead {
  const environment = useRelayEnvironment();
  const [state, setState] = useState<State>(UNREAD);
  const place = useRef<{ cursors: (string | null)[]; running: Subscription | null }>({ cursors: [null, null], running: null });
  const wanted = shown === "activities" || kind !== undefined ? "activities" : shown;
  const newest = useRef(turn);
  useEffect(() => {
    newest.current = turn;
  }, [turn]);
  const read = useCallback(
    (lists: readonly number[], isFresh: boolean) => {
      const { current } = place;
      if (isFresh) {
        current.running?.unsubscribe();
        current.running = null;
        current.cursors = [null, null];
      }
      if (current.running) return;
      const asked = newest.current;
      setState((before) => ({ ...before, isLoading: true, error: null }));
      const variables = {
        id: contactId,
        kind: kind ?? null,
        activitiesAfter: current.cursors[0],
        changesAfter: current.cursors[1],
        withActivities: lists.includes(0),
        withChanges: lists.includes(1),
      };
      current.running = fetchQuery<useTimelineQuery>(environment, QUERY, variables, { fetchPolicy: "network-only" }).subscribe({
        next: ({ contact }) => {
          current.running = null;
          if (contact?.activities) current.cursors[0] = contact.activities.pageInfo.endCursor ?? null;
          if (contact?.membershipHistory) current.cursors[1] = contact.membershipHistory.pageInfo.endCursor ?? null;
          setState((before) => ({
            lists: [
              appended(before.lists[0], contact?.activities?.nodes.map(ofActivity), contact?.activities?.pageInfo.hasNextPage, isFresh),
              appended(before.lists[1], contact?.membershipHistory?.nodes.map(ofChange), contact?.membershipHistory?.pageInfo.hasNextPage, isFresh),
            ],
            turn: isFresh ? asked : before.turn,
            isFirst: false,
            isLoading: false,
            error: null,
          }));
        },
        error: (error: Error) => {
          current.running = null;
          setState((before) => ({ ...before, isLoading: false, error }));
        },
      });
    },
    [environment, contactId, kind],
  );
  const again = useCallback(() => {
    const lists = [...(wanted === "segments" ? [] : [0]), ...(wanted !== "activities" && maySegments ? [1] : [])];
    read(lists, true);
  }, [read, wanted, maySegments]);
  useEffect(() => {
    const { current } = place;
    again();
    return () => {
      current.running?.unsubscribe();
      current.running = null;
    };
  }, [again]);
  const { lists, isFirst, isLoading, error } = state;
  const { entries, next } = mergeTimeline(lists);
  const isBehind = !isFirst && state.turn !== turn;
  const isShort = entries.length <= FEW;
  useEffect(() => {
    if (isBehind && isShort && !isLoading && !error) again();
  }, [isBehind, isShort, isLoading, error, again]);
  const hasNews = isBehind && !isShort;
  return { isFirst, isLoading, error, entries, hasMore: next.length > 0, hasNews, more: () => read(next, false), again };
}

function appended(
  before: Source<TimelineEntry>,
  read: readonly TimelineEntry[] | undefined,
  hasMore: boolean | undefined,
  isFresh: boolean,
): Source<TimelineEntry> {
  if (!read) return isFresh ? source([], false) : before;
  return source(isFresh ? read : before.entries.concat(read), hasMore ?? false);
}

function ofActivity(activity: Activity): TimelineEntry {
  return { at: activity.occurredAt, key: activity.id, activity };
}

function ofChange(change: Change): TimelineEntry {
  return { at: change.at, key: change.cursor, change };
}
