import { useCallback, useEffect, useRef, useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { fetchQuery, graphql, readInlineData, type Subscription } from "relay-runtime";

import type { useTimeline_lists$data, useTimeline_lists$key } from "../../__generated__/useTimeline_lists.graphql";
import type { useTimelineQuery } from "../../__generated__/useTimelineQuery.graphql";
import { mergeTimeline, type Source } from "./merge_timeline";
import type { Shown } from "./page_search";

// What a screen spreads into its own query, so that the first page comes with it.
const LISTS = graphql`
  fragment useTimeline_lists on Contact
  @inline
  @argumentDefinitions(
    kind: { type: "String" }
    activitiesAfter: { type: "String" }
    changesAfter: { type: "String" }
    withActivities: { type: "Boolean!" }
    withChanges: { type: "Boolean!" }
  ) {
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
`;

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
      ...useTimeline_lists
        @arguments(
          kind: $kind
          activitiesAfter: $activitiesAfter
          changesAfter: $changesAfter
          withActivities: $withActivities
          withChanges: $withChanges
        )
    }
  }
`;

/** The first page of each list; one that is left out was not asked for. */
export type TimelineLists = Pick<useTimeline_lists$data, "activities" | "membershipHistory">;

type Activity = NonNullable<TimelineLists["activities"]>["nodes"][number];
type Change = NonNullable<TimelineLists["membershipHistory"]>["nodes"][number];

/** What a screen has read of the lists with its own query. */
export function timelineLists(contact: useTimeline_lists$key): TimelineLists {
  return readInlineData(LISTS, contact);
}

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

const NONE: TimelineLists = {};

type Place = { cursors: (string | null)[]; running: Subscription | null; isFresh: boolean };

/** Ends what is being read, and goes back to the beginning. */
function stop(place: Place): void {
  place.running?.unsubscribe();
  place.running = null;
  place.cursors = [null, null];
}

/**
 * Reads activities and changes of segments page by page, as one timeline, the newest first; again when `turn` grows from 0. `given` is
 * the first page of all of it, where the screen has read that already: whenever it changes in the store, so does the timeline.
 */
export function useTimeline(
  contactId: string,
  shown: Shown,
  kind: string | undefined,
  maySegments: boolean,
  turn: number,
  given: TimelineLists,
): TimelineRead {
  const environment = useRelayEnvironment();
  const [state, setState] = useState<State>(UNREAD);
  const place = useRef<Place>({ cursors: [null, null], running: null, isFresh: false });
  const wanted = shown === "activities" || kind !== undefined ? "activities" : shown;
  const newest = useRef(turn);
  useEffect(() => {
    newest.current = turn;
  }, [turn]);
  const take = useCallback((contact: TimelineLists | null | undefined, isFresh: boolean, asked: number | null) => {
    const { activities, membershipHistory } = contact ?? {};
    const { current } = place;
    if (activities) current.cursors[0] = activities.pageInfo.endCursor ?? null;
    if (membershipHistory) current.cursors[1] = membershipHistory.pageInfo.endCursor ?? null;
    setState((before) => ({
      lists: [
        appended(before.lists[0], activities?.nodes.map(ofActivity), activities?.pageInfo.hasNextPage, isFresh),
        appended(before.lists[1], membershipHistory?.nodes.map(ofChange), membershipHistory?.pageInfo.hasNextPage, isFresh),
      ],
      turn: asked ?? before.turn,
      isFirst: false,
      isLoading: false,
      error: null,
    }));
  }, []);
  const read = useCallback(
    (lists: readonly number[], isFresh: boolean) => {
      const { current } = place;
      if (isFresh) stop(current);
      if (current.running) return;
      const asked = isFresh ? newest.current : null;
      setState((before) => ({ ...before, isLoading: true, error: null }));
      const variables = {
        id: contactId,
        kind: kind ?? null,
        activitiesAfter: current.cursors[0],
        changesAfter: current.cursors[1],
        withActivities: lists.includes(0),
        withChanges: lists.includes(1),
      };
      current.isFresh = isFresh;
      current.running = fetchQuery<useTimelineQuery>(environment, QUERY, variables, { fetchPolicy: "network-only" }).subscribe({
        next: ({ contact }) => {
          current.running = null;
          take(contact && timelineLists(contact), isFresh, asked);
        },
        error: (error: Error) => {
          current.running = null;
          setState((before) => ({ ...before, isLoading: false, error }));
        },
      });
    },
    [environment, contactId, kind, take],
  );
  const again = useCallback(() => {
    const lists = [...(wanted === "segments" ? [] : [0]), ...(wanted !== "activities" && maySegments ? [1] : [])];
    read(lists, true);
  }, [read, wanted, maySegments]);
  const { activities, membershipHistory } = wanted === "all" ? given : NONE;
  const begun = useRef<(() => void) | null>(null);
  useEffect(() => {
    const isBegin = begun.current !== again;
    const isGiven = activities && (begun.current === null ? newest.current === 0 : !isBegin);
    begun.current = again;
    if (!isGiven) {
      if (isBegin) again();
    } else if (!place.current.running || !place.current.isFresh) {
      stop(place.current);
      take({ activities, membershipHistory }, true, null);
    }
  }, [again, take, activities, membershipHistory]);
  useEffect(() => {
    const { current } = place;
    return () => stop(current);
  }, []);
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
