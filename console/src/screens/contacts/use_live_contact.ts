import { useRef } from "react";
import { graphql } from "relay-runtime";

import { useLive } from "../../relay/live";
import type { useLiveContactSubscription } from "../../__generated__/useLiveContactSubscription.graphql";

const SUBSCRIPTION = graphql`
  subscription useLiveContactSubscription($ids: [ID!]!) {
    contactsChanged(ids: $ids) {
      contacts {
        id
        name
        email
        phone
        anonymous
        updatedAt
        ...contactFields_contact
        ...consentCard_contact
      }
      deletedIds
    }
  }
`;

/** Keeps one contact as it is now; `onChanged` is called after each change, since what it did or is in may have changed as well. */
export function useLiveContact(id: string | null, onChanged: () => void, onDeleted: () => void): void {
  const isBegun = useRef(false);
  useLive<useLiveContactSubscription>(SUBSCRIPTION, id === null ? null : { ids: [id] }, ({ contactsChanged }) => {
    if (contactsChanged.deletedIds.length > 0) return onDeleted();
    if (isBegun.current) onChanged();
    isBegun.current = true;
  });
}
