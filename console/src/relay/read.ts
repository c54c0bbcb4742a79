import { startTransition, useCallback, useEffect, useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { fetchQuery, type GraphQLTaggedNode, type OperationType } from "relay-runtime";

export type Read<Data> = { data: Data | null; error: Error | null; isLoading: boolean; again: () => void };

/**
 * Reads a query whose refusal is shown beside what was asked, such as a file that cannot be read. The last answer stays until the
 * next one is there; an older question is dropped. `variables` null: nothing is asked. The query must not use fragments.
 */
export function useRead<Q extends OperationType>(query: GraphQLTaggedNode, variables: Q["variables"] | null): Read<Q["response"]> {
  const environment = useRelayEnvironment();
  const [state, setState] = useState<{ data: Q["response"] | null; error: Error | null; answered: string | null }>({
    data: null,
    error: null,
    answered: null,
  });
  const [turn, setTurn] = useState(0);
  const key = variables && JSON.stringify(variables);
  const question = key && `${turn} ${key}`;
  useEffect(() => {
    if (key === null) return;
    const running = fetchQuery<Q>(environment, query, JSON.parse(key), { fetchPolicy: "network-only" }).subscribe({
      next: (data) => startTransition(() => setState({ data, error: null, answered: question })),
      error: (error: Error) => setState((before) => ({ data: before.data, error, answered: question })),
    });
    return () => running.unsubscribe();
  }, [environment, query, key, question]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  const isLoading = question !== null && state.answered !== question;
  return { data: key === null ? null : state.data, error: isLoading ? null : state.error, isLoading, again };
}
