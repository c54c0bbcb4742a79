import { graphql } from "relay-runtime";

import type { allContactsQuery } from "../__generated__/allContactsQuery.graphql";
import { useEvery, useReturn } from "../relay/live";
import { useRead } from "../relay/read";

const QUERY = graphql`
  query allContactsQuery {
    viewer {
      workspace {
        id
        contactCount
      }
    }
  }
`;

/**
 * How many contacts the workspace has; null until that is known, and while it is not wanted. It is asked apart from what a screen shows
 * first: to count many takes longer than all the rest. `everyMs`: it is read again and again while the page is in view.
 */
export function useAllContacts({ isWanted = true, everyMs = null }: { isWanted?: boolean; everyMs?: number | null } = {}): number | null {
  const { data, isLoading, again } = useRead<allContactsQuery>(QUERY, isWanted ? {} : null);
  useReturn(again);
  useEvery(everyMs, () => !isLoading && again()); // to begin once more would end a count that takes long, each time
  return data?.viewer.workspace.contactCount ?? null;
}
