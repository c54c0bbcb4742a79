import { useRef } from "react";
import { graphql } from "relay-runtime";

import { useLive } from "../../relay/live";
import { useMay } from "../../session/session";
import type { useLiveContactSubscription } from "../../__generated__/useLiveContactSubscription.graphql";

const SUBSCRIPTION = graphql`
  subscription useLiveContactSubscription($ids: [ID!]!, $withSegments: Boolean!, $withWorkflows: Boolean!) {
    contactsChanged(ids: $ids) {
      contacts {
        id
        name
        email
        phone
        anonymous
        updatedAt
        score
        newest: activities(first: 5) {
          nodes {
            id
          }
        }
        newestChange: membershipHistory(first: 1) @include(if: $withSegments) {
          nodes {
            cursor
          }
        }
        segments(first: 1) @include(if: $withSegments) {
          totalCount
        }
        enrollments(first: 1, inside: true) @include(if: $withWorkflows) {
          totalCount
        }
        ...contactFields_contact
        ...consentCard_contact
      }
      deletedIds
    }
  }
`;

type Acts = { readonly nodes: readonly { readonly id: string }[] };
type Changes = { readonly nodes: readonly { readonly cursor: string }[] };

/** What tells one state of a contact from a later one: its fields, what it did last, and its last change of segments. */
export type Traces = {
  readonly updatedAt: string;
  readonly score: number;
  readonly newest?: Acts;
  readonly newestChange?: Changes;
  /** The newest of these lists stand for the above, where they are there. */
  readonly activities?: Acts;
  readonly membershipHistory?: Changes;
};

/**
 * Keeps one contact as it is now. `onChanged` is called after each change, since what it did or is in may have changed as well; also
 * when it changed between `contact`, as the screen read it, and the beginning of the subscription, which tells the contact as it is then.
 */
export function useLiveContact(contact: (Traces & { id: string }) | null, onChanged: () => void, onDeleted: () => void): void {
  const begun = useRef<string | null>(null);
  const withSegments = useMay("SEGMENT_READ");
  const withWorkflows = useMay("WORKFLOW_READ");
  const id = contact?.id ?? null;
  const variables = id === null ? null : { ids: [id], withSegments, withWorkflows };
  useLive<useLiveContactSubscription>(SUBSCRIPTION, variables, ({ contactsChanged: { contacts, deletedIds } }) => {
    if (deletedIds.length > 0) return onDeleted();
    const [now] = contacts;
    if (begun.current === id || (now && contact && traceOf(now) !== traceOf(contact))) onChanged();
    begun.current = id;
  });
}

function traceOf({ updatedAt, score, newest, newestChange, activities, membershipHistory }: Traces): string {
  const acts = (activities ?? newest)?.nodes.slice(0, 5).map(({ id }) => id);
  const [change] = (membershipHistory ?? newestChange)?.nodes ?? [];
  return JSON.stringify([updatedAt, score, acts, change?.cursor]);
}
