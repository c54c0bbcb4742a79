import { useEffect, useEffectEvent } from "react";
import { useRelayEnvironment } from "react-relay";
import { requestSubscription, type GraphQLTaggedNode, type OperationType } from "relay-runtime";

import { onReturn } from "./connection";

/** So many rows of a list follow what moves; the others are as new as the list's last read. */
export const MOST_FOLLOWED = 20;

/**
 * Follows a subscription while the component is shown, over broken connections. `variables` null: nothing is followed.
 * A subscription with a variable `after` goes on after the last cursor that came, so that nothing is missed or comes twice.
 */
export function useLive<S extends OperationType>(
  subscription: GraphQLTaggedNode,
  variables: S["variables"] | null,
  onNext?: (response: S["response"]) => void,
): void {
  const environment = useRelayEnvironment();
  const told = useEffectEvent((response: S["response"]) => onNext?.(response));
  const key = variables && JSON.stringify(variables);
  useEffect(() => {
    if (key === null) return;
    const running = requestSubscription<S>(environment, {
      subscription,
      variables: JSON.parse(key),
      onNext: (response) => response && told(response),
      onError: () => undefined,
    });
    return () => running.dispose();
  }, [environment, subscription, key]);
}

/** Calls `again` every so often while the page is in view. `everyMs` null: never. */
export function useEvery(everyMs: number | null, again: () => void): void {
  const due = useEffectEvent(again);
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => !document.hidden && due(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}

/** Calls `refresh` when the server answers again after it was lost. */
export function useReturn(refresh: () => void): void {
  const again = useEffectEvent(refresh);
  useEffect(() => onReturn(() => again()), []);
}
