import { graphql } from "relay-runtime";

import { useRead } from "../../relay/read";
import { useMay } from "../../session/session";
import type { useSendersQuery } from "../../__generated__/useSendersQuery.graphql";
import { sendersOf, type SenderKey } from "./senders";
import type { TimelineEntry } from "./use_timeline";

const QUERY = graphql`
  query useSendersQuery($ids: [ID!]!) {
    nodes(ids: $ids) {
      id
      ... on Broadcast {
        name
      }
      ... on Workflow {
        name
      }
    }
  }
`;

/** The names of what sent messages, by their ids; `isLoading` while some may still come. */
export type Senders = { names: ReadonlyMap<string, string>; isLoading: boolean };

/** Reads the names of the broadcasts and workflows that entries of a timeline tell of, all at once. */
export function useSenders(entries: readonly TimelineEntry[]): Senders {
  const keys: SenderKey[] = [];
  if (useMay("BROADCAST_READ")) keys.push("broadcastId");
  if (useMay("WORKFLOW_READ")) keys.push("workflowId");
  const ids = sendersOf(
    entries.map((entry) => ("activity" in entry ? entry.activity.properties : null)),
    keys,
  );
  const { data, isLoading } = useRead<useSendersQuery>(QUERY, ids.length > 0 ? { ids } : null);
  return { names: new Map(data?.nodes.flatMap((node) => (node?.name ? [[node.id, node.name] as const] : []))), isLoading };
}
