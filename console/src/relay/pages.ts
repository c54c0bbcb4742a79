import { startTransition, useCallback, useEffect, useRef, useState } from "react";
import { useRelayEnvironment } from "react-relay";
import {
  createOperationDescriptor,
  fetchQuery,
  getRequest,
  type GraphQLTaggedNode,
  type OperationType,
  type Subscription,
} from "relay-runtime";

import { foundEarly, takeEarly } from "./found_early";

/** What a screen takes from the answer for one page. */
export type Page<Row> = {
  rows: readonly Row[];
  endCursor: string | null | undefined;
  hasNextPage: boolean;
  totalCount?: number | null;
};

export type Pages<Row> = {
  /** All that are read, in their order. */
  rows: readonly Row[];
  /** Names the list whose rows these are: another one is shown from its beginning. */
  list: string;
  /** How many rows the list has, as far as that is known. */
  length: number;
  /** One row; undefined while it is not read. */
  at: (index: number) => Row | undefined;
  /** Told which rows are in view: from the first to before the end. */
  want: (first: number, end: number) => void;
  /** How many there are in all, when the query asks for it. */
  totalCount: number | null;
  /** The first page is not there yet. */
  isFirst: boolean;
  isLoading: boolean;
  hasMore: boolean;
  error: Error | null;
  /** Fetches the next page, once, however often it is called. */
  more: () => void;
  /** Begins again with the first page; the rows stay on the screen until it is there. */
  again: () => void;
};

type State<Row> = Pick<Pages<Row>, "list" | "rows" | "totalCount" | "isFirst" | "isLoading" | "hasMore" | "error">;

/** The next page is read when so few rows that are read are left below the view. */
const ROWS_AHEAD = 60;

const EMPTY = { list: "", rows: [], totalCount: null, isFirst: true, isLoading: true, hasMore: false, error: null };

/**
 * Reads a connection of any length page by page. Each page costs only itself, however many came before: rows hold fragment
 * references, and each row reads its own. The query must take `$after`. `variables` are compared as JSON. What counts is only asked
 * for once: `onFirst` are variables of the first page alone, such as `{ withCount: true }` where `variables` say false.
 */
export function usePages<Q extends OperationType, Row>(
  query: GraphQLTaggedNode,
  variables: Omit<Q["variables"], "after">,
  pageOf: (response: Q["response"]) => Page<Row>,
  onFirst: Partial<Q["variables"]> = {},
): Pages<Row> {
  const environment = useRelayEnvironment();
  const key = JSON.stringify(variables);
  const firstKey = JSON.stringify(onFirst);
  const [state, setState] = useState<State<Row>>(() => {
    const early = foundEarly<Q>(environment, query, { ...variables, ...onFirst, after: null });
    return early ? firstState(key, pageOf(early)) : EMPTY;
  });
  const cursor = useRef<{ after: string | null; running: Subscription | null; held: (() => void)[]; done: boolean }>({
    after: null,
    running: null,
    held: [],
    done: false,
  });
  const read = useRef(pageOf);
  useEffect(() => {
    read.current = pageOf;
  });

  const load = useCallback(
    (isFresh: boolean) => {
      const position = cursor.current;
      if (isFresh) {
        position.running?.unsubscribe();
        position.running = null;
        position.after = null;
        position.done = false;
      }
      if (position.running || position.done) return;
      const asked = { ...JSON.parse(key), ...(isFresh && JSON.parse(firstKey)), after: position.after };
      setState((before) => (before.isLoading && !before.error ? before : { ...before, isLoading: true, error: null }));
      position.running = fetchQuery<Q>(environment, query, asked, { fetchPolicy: "network-only" }).subscribe({
        next: (response) => {
          const page = read.current(response);
          const operation = createOperationDescriptor(getRequest(query), asked);
          if (isFresh) release(position.held);
          position.held.push(environment.retain(operation).dispose);
          position.after = page.endCursor ?? null;
          position.done = !page.hasNextPage;
          position.running = null;
          startTransition(() =>
            setState((before) => ({
              ...firstState(key, page),
              rows: isFresh ? page.rows : before.rows.concat(page.rows),
              totalCount: page.totalCount ?? (isFresh ? null : before.totalCount),
            })),
          );
        },
        error: (error: Error) => {
          position.running = null;
          setState((before) => ({ ...before, isLoading: false, error }));
        },
      });
    },
    [environment, query, key, firstKey],
  );

  useEffect(() => {
    const position = cursor.current;
    const early = takeEarly<Q>(environment, query, { ...JSON.parse(key), ...JSON.parse(firstKey), after: null });
    if (early) {
      const page = read.current(early.data);
      position.held.push(early.release);
      position.after = page.endCursor ?? null;
      position.done = !page.hasNextPage;
    } else {
      load(true);
    }
    return () => {
      position.running?.unsubscribe();
      position.running = null;
    };
  }, [environment, query, key, firstKey, load]);
  useEffect(() => {
    const { held } = cursor.current;
    return () => release(held);
  }, []);

  const more = useCallback(() => load(false), [load]);
  const again = useCallback(() => load(true), [load]);
  const { rows, hasMore, isLoading, error } = state;
  const at = useCallback((index: number) => rows[index], [rows]);
  const want = useCallback(
    (_first: number, end: number) => {
      if (hasMore && !isLoading && !error && end >= rows.length - ROWS_AHEAD) more();
    },
    [rows.length, hasMore, isLoading, error, more],
  );
  return { ...state, length: rows.length, at, want, more, again };
}

function firstState<Row>(list: string, { rows, totalCount = null, hasNextPage }: Page<Row>): State<Row> {
  return { list, rows, totalCount, isFirst: false, isLoading: false, hasMore: hasNextPage, error: null };
}

function release(held: (() => void)[]): void {
  for (const dispose of held.splice(0)) dispose();
}
