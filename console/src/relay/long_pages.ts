import { startTransition, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { createOperationDescriptor, fetchQuery, getRequest, type GraphQLTaggedNode, type OperationType } from "relay-runtime";

import { BLOCK_ROWS, BlockReader, type ReadBlocks } from "./block_reader";
import { blocksOf, lengthWith, pastRemoved, type Block } from "./blocks";
import { foundEarly, takeEarly } from "./found_early";
import type { Page, Pages } from "./pages";

const NOTHING = { list: null, blocks: new Map(), total: null, isCounted: false, isLoading: true, error: null };

/** What counts a list, beside what reads it: rows are there sooner than their number. */
export type Counting<Q extends OperationType> = { query: GraphQLTaggedNode; variables: Q["variables"]; of: (response: Q["response"]) => number };

/** How the first block is asked for. */
const BEGINNING = { first: BLOCK_ROWS, after: null, skip: 0 };

/**
 * Reads a list of any length where it is looked at: the scroll bar reaches every place of it at once. The query must take `$first`,
 * `$after` and `$skip`; `count` is what counts the list. Rows whose ids are in `removed` are left out.
 */
export function useLongPages<Q extends OperationType, Count extends OperationType, Row extends { id: string }>(
  query: GraphQLTaggedNode,
  variables: Omit<Q["variables"], "first" | "after" | "skip">,
  pageOf: (response: Q["response"]) => Page<Row>,
  count: Counting<Count>,
  removed: ReadonlySet<string>,
): Pages<Row> {
  const environment = useRelayEnvironment();
  const list = JSON.stringify(variables);
  const [state, setState] = useState<ReadBlocks<Row> & { list: string | null }>(() => {
    const early = foundEarly<Q>(environment, query, { ...variables, ...BEGINNING });
    return early ? firstState(list, pageOf(early)) : NOTHING;
  });
  const reader = useRef<BlockReader<Row> | null>(null);
  const read = useEffectEvent(pageOf);
  useEffect(() => {
    const own = new BlockReader<Row>(
      (source, answer) => {
        const asked = { ...JSON.parse(list), first: BLOCK_ROWS, ...source };
        const running = fetchQuery<Q>(environment, query, asked, { fetchPolicy: "network-only" }).subscribe({
          next: (response) => answer.next(read(response), environment.retain(createOperationDescriptor(getRequest(query), asked)).dispose),
          error: answer.error,
        });
        return () => running.unsubscribe();
      },
      (found) => startTransition(() => setState({ ...found, list })),
    );
    reader.current = own;
    const early = takeEarly<Q>(environment, query, { ...JSON.parse(list), ...BEGINNING });
    own.begin(early ? { page: read(early.data), release: early.release } : undefined);
    return () => own.close();
  }, [environment, query, list]);
  const [turn, setTurn] = useState(0);
  const { query: counts } = count;
  const question = JSON.stringify([count.variables, list, turn]);
  const counted = useEffectEvent((response: Count["response"]) => reader.current?.counted(count.of(response)));
  useEffect(() => {
    const [asked] = JSON.parse(question);
    const running = fetchQuery<Count>(environment, counts, asked, { fetchPolicy: "network-only" }).subscribe({
      next: (response) => counted(response),
      error: () => undefined, // the rows say what failed
    });
    return () => running.unsubscribe();
  }, [environment, counts, question]);

  const { blocks, total, isCounted, error } = state;
  const gone = useMemo(() => removedIn(blocks, removed), [blocks, removed]);
  const rows = useMemo(() => blocksOf(blocks).flatMap(([, block]) => block.rows.filter(({ id }) => !removed.has(id))), [blocks, removed]);
  const at = useCallback(
    (index: number) => {
      const place = pastRemoved(index, gone);
      return blocks.get(Math.floor(place / BLOCK_ROWS))?.rows[place % BLOCK_ROWS];
    },
    [blocks, gone],
  );
  const want = useCallback((first: number, end: number) => reader.current?.want(first, end + gone.length), [gone.length]);
  const more = useCallback(() => reader.current?.retry(), []);
  const again = useCallback(() => {
    reader.current?.begin();
    setTurn((before) => before + 1);
  }, []);
  const length = Math.max(0, (total ?? 0) - gone.length);
  return {
    rows,
    list: state.list ?? list,
    length,
    at,
    want,
    totalCount: isCounted ? length : null,
    isFirst: state.list === null,
    isLoading: state.isLoading || state.list !== list,
    hasMore: !isCounted,
    error: state.list === list ? error : null,
    more,
    again,
  };
}

function firstState<Row>(list: string, { rows, endCursor, hasNextPage }: Page<Row>): ReadBlocks<Row> & { list: string } {
  const blocks = new Map([[0, { rows, endCursor: endCursor ?? null }]]);
  return { list, blocks, total: lengthWith(null, rows.length, hasNextPage), isCounted: !hasNextPage, isLoading: false, error: null };
}

/** The places of rows that were read and are left out, in their order. */
function removedIn<Row extends { id: string }>(blocks: ReadonlyMap<number, Block<Row>>, removed: ReadonlySet<string>): number[] {
  if (removed.size === 0) return [];
  return blocksOf(blocks).flatMap(([number, { rows }]) =>
    rows.flatMap(({ id }, index) => (removed.has(id) ? [number * BLOCK_ROWS + index] : [])),
  );
}
