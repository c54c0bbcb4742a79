import { useDebouncedCallback } from "@mantine/hooks";
import { startTransition, useState } from "react";
import { graphql } from "relay-runtime";

import { useLive } from "../../relay/live";
import type { useLiveContactsSubscription } from "../../__generated__/useLiveContactsSubscription.graphql";

const SUBSCRIPTION = graphql`
  subscription useLiveContactsSubscription($ids: [ID!]!, $withTags: Boolean!, $withAttributes: Boolean!, $withScores: Boolean!) {
    contactsChanged(ids: $ids) {
      contacts {
        id
        ...contactCells_contact
      }
      deletedIds
    }
  }
`;

type Wanted = { withTags: boolean; withAttributes: boolean; withScores: boolean };

const MOST = 250;

/**
 * Keeps the rows that are in the page as they are now, whoever changes them. Gives the ids that were deleted meanwhile, and what the
 * table is to call with the ids that it shows.
 */
export function useLiveContacts({ withTags, withAttributes, withScores }: Wanted): [ReadonlySet<string>, (ids: readonly string[]) => void] {
  const [shown, setShown] = useState<readonly string[]>([]);
  const settle = useDebouncedCallback((ids: readonly string[]) => startTransition(() => setShown(ids)), 200);
  const [deleted, setDeleted] = useState<ReadonlySet<string>>(new Set());
  const ids = shown.filter((id) => !deleted.has(id)).slice(0, MOST);
  useLive<useLiveContactsSubscription>(
    SUBSCRIPTION,
    ids.length > 0 ? { ids, withTags, withAttributes, withScores } : null,
    ({ contactsChanged: { deletedIds } }) => {
      if (deletedIds.length > 0) setDeleted((before) => new Set([...before, ...deletedIds]));
    },
  );
  return [deleted, settle];
}
