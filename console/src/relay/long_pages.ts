import { startTransition, useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { createOperationDescriptor, fetchQuery, getRequest, type GraphQLTaggedNode, type OperationType } from "relay-runtime";

import { BLOCK_ROWS, BlockReader, type ReadBlocks } from "./block_reader";
import { blocksOf, lengthWith, pastRemoved, type Block } from "./blocks";
import { foundEarly, takeEarly } from "./found_early";
import type { Page, Pages } from "./pages";

const NOTHING = { list: null, blocks: new Map(), total: null, isLoading: true, error: null };

/** How the first block is asked for. */
const BEGINNING = { first: BLOCK_ROWS, after: null, skip: 0 };

/**
 * Reads a list of any length where it is looked at: the scroll bar reaches every place of it at once. The query must take `$first`,
 * `$after` and `$skip`; `onFirst` are variables that make it count the list. Rows whose ids are in `removed` are left out.
 */
export function useLongPages<Q extends OperationType, Row extends { id: string }>(
  query: GraphQLTaggedNode,
  variables: Omit<Q["variables"], "first" | "after" | "skip">,
  pageOf: (response: Q["response"]) => Page<Row>,
  onFirst: Partial<Q["variables"]>,
  removed: ReadonlySet<string>,
): Pages<Row> {
  const environment = useRelayEnvironment();
  const list = JSON.stringify(variables);
  const [state, setState] = useState<ReadBlocks<Row> & { list: string | null }>(() => {
    const early = foundEarly<Q>(environment, query, { ...variables, ...onFirst, ...BEGINNING });
    return early ? firstState(list, pageOf(early)) : NOTHING;
  });
  const reader = useRef<BlockReader<Row> | null>(null);
  const read = useEffectEvent(pageOf);
  const counting = useEffectEvent(() => onFirst);
  useEffect(() => {
    const own = new BlockReader<Row>(
      (source, counts, answer) => {
        const asked = { ...JSON.parse(list), ...(counts && counting()), first: BLOCK_ROWS, ...source };
        const running = fetchQuery<Q>(environment, query, asked, { fetchPolicy: "network-only" }).subscribe({
          next: (response) => answer.next(read(response), environment.retain(createOperationDescriptor(getRequest(query), asked)).dispose),
          error: answer.error,
        });
        return () => running.unsubscribe();
      },
      (found) => startTransition(() => setState({ ...found, list })),
    );
    reader.current = own;
    const early = takeEarly<Q>(environment, query, { ...JSON.parse(list), ...counting(), ...BEGINNING });
    own.begin(early ? { page: read(early.data), release: early.release } : undefined);
    return () => own.close();
  }, [environment, query, list]);

  const { blocks, total, error } = state;
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
  const again = useCallback(() => reader.current?.begin(), []);
  const length = Math.max(0, (total ?? 0) - gone.length);
  return {
    rows,
    list: state.list ?? list,
    length,
    at,
    want,
    totalCount: total === null ? null : length,
    isFirst: state.list === null,
    isLoading: state.isLoading || state.list !== list,
    hasMore: false,
    error: state.list === list ? error : null,
    more,
    again,
  };
}

function firstState<Row>(list: string, { rows, endCursor, totalCount, hasNextPage }: Page<Row>): ReadBlocks<Row> & { list: string } {
  const blocks = new Map([[0, { rows, endCursor: endCursor ?? null }]]);
  return { list, blocks, total: lengthWith(totalCount ?? null, rows.length, hasNextPage), isLoading: false, error: null };
}

/** The places of rows that were read and are left out, in their order. */
function removedIn<Row extends { id: string }>(blocks: ReadonlyMap<number, Block<Row>>, removed: ReadonlySet<string>): number[] {
  if (removed.size === 0) return [];
  return blocksOf(blocks).flatMap(([number, { rows }]) =>
    rows.flatMap(({ id }, index) => (removed.has(id) ? [number * BLOCK_ROWS + index] : [])),
  );
}
