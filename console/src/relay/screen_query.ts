import { useCallback, useEffect, useRef } from "react";
import { useLazyLoadQuery, useRelayEnvironment } from "react-relay";
import { fetchQuery, type GraphQLTaggedNode, type OperationType, type Subscription } from "relay-runtime";

import { useEvery, useReturn } from "./live";

/**
 * Reads what a screen shows, fresh on each visit, and again by the function that is returned, after an outage, and every
 * `everyMs` for what no subscription tells. What is on the screen stays until the new answer is there.
 */
export function useScreenQuery<Q extends OperationType>(
  query: GraphQLTaggedNode,
  variables: Q["variables"],
  { everyMs = null }: { everyMs?: number | null } = {},
): [Q["response"], () => void] {
  const environment = useRelayEnvironment();
  const data = useLazyLoadQuery<Q>(query, variables, { fetchPolicy: "store-and-network" });
  const key = JSON.stringify(variables);
  const reload = useCallback(() => {
    fetchQuery<Q>(environment, query, JSON.parse(key), { fetchPolicy: "network-only" }).subscribe({ error: () => undefined });
  }, [environment, query, key]);
  useReturn(reload);
  usePoll<Q>(query, variables, everyMs);
  return [data, reload];
}

/** Reads a query into the store again and again while the page is in view, one at a time. `everyMs` null: never. */
export function usePoll<Q extends OperationType>(query: GraphQLTaggedNode, variables: Q["variables"], everyMs: number | null): void {
  const environment = useRelayEnvironment();
  const running = useRef<Subscription | null>(null);
  const key = JSON.stringify(variables);
  useEvery(everyMs, () => {
    const done = () => {
      running.current = null;
    };
    running.current ??= fetchQuery<Q>(environment, query, JSON.parse(key), { fetchPolicy: "network-only" }).subscribe({ complete: done, error: done });
  });
  useEffect(() => () => running.current?.unsubscribe(), []);
}
