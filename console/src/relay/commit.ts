import { useState } from "react";
import { useRelayEnvironment } from "react-relay";
import { commitMutation, type GraphQLTaggedNode, type MutationParameters, type SelectorStoreUpdater } from "relay-runtime";

import { notifyOfError } from "../components/notify";

export type UserError = { readonly code: string; readonly message: string; readonly field: readonly string[] | null | undefined };

/**
 * Returns a function that sends a mutation and gives its payload, and whether one is under way. A refused call (FORBIDDEN,
 * NETWORK, ...) is told as a notification and gives null. `userErrors` in the payload are the caller's to show.
 */
export function useMutationCall<M extends MutationParameters>(
  mutation: GraphQLTaggedNode,
): [(variables: M["variables"], updater?: SelectorStoreUpdater<M["response"]>) => Promise<M["response"] | null>, boolean] {
  const environment = useRelayEnvironment();
  const [busy, setBusy] = useState(false);
  const call = (variables: M["variables"], updater?: SelectorStoreUpdater<M["response"]>) => {
    setBusy(true);
    return new Promise<M["response"] | null>((resolve) => {
      const end = (response: M["response"] | null) => {
        setBusy(false);
        resolve(response);
      };
      commitMutation<M>(environment, {
        mutation,
        variables,
        updater,
        onCompleted: (response) => end(response),
        onError: (error) => {
          notifyOfError(error);
          end(null);
        },
      });
    });
  };
  return [call, busy];
}

/** The message for the form field whose path ends with `field`, or undefined. */
export function errorOf(errors: readonly UserError[], ...path: string[]): string | undefined {
  const wanted = path.join(".");
  return errors.find((error) => (error.field ?? []).join(".").endsWith(wanted))?.message;
}
