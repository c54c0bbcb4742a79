import { useState } from "react";
import { graphql } from "relay-runtime";

import { useLive } from "../../relay/live";
import { useMay } from "../../session/session";
import type { useChangesSubscription, useChangesSubscription$data } from "../../__generated__/useChangesSubscription.graphql";

export type Change = useChangesSubscription$data["membershipChanges"];

const KEPT = 200;

const SUBSCRIPTION = graphql`
  subscription useChangesSubscription($ids: [ID!], $after: ChangeCursor, $mayContacts: Boolean!) {
    membershipChanges(segmentIds: $ids, after: $after) {
      cursor
      kind
      origin
      at
      contactId
      contact @include(if: $mayContacts) {
        id
        name
        email
        phone
      }
    }
  }
`;

/**
 * Who entered and left a segment after the cursor `since`, the newest first, each once; none is missed while the server is away.
 * `onChange` is called with each of them.
 */
export function useChanges(segmentId: string, since: string, onChange: () => void): readonly Change[] {
  const mayContacts = useMay("CONTACT_READ");
  const [after] = useState(since);
  const [changes, setChanges] = useState<readonly Change[]>([]);
  useLive<useChangesSubscription>(SUBSCRIPTION, { ids: [segmentId], after, mayContacts }, ({ membershipChanges: change }) => {
    setChanges((before) => (before.some(({ cursor }) => cursor === change.cursor) ? before : [change, ...before].slice(0, KEPT)));
    onChange();
  });
  return changes;
}
