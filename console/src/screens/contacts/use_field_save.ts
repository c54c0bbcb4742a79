import { useRelayEnvironment } from "react-relay";
import { fetchQuery, graphql } from "relay-runtime";

import { notifyDone, notifyOfError } from "../../components/notify";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import type { useFieldSaveMutation } from "../../__generated__/useFieldSaveMutation.graphql";
import type { useFieldSaveQuery } from "../../__generated__/useFieldSaveQuery.graphql";
import { inputOf, isSame, valueAt, type Definition } from "./field_definitions";
import { useState } from "react";

const SAVE = graphql`
  mutation useFieldSaveMutation($id: ID!, $input: ContactInput!) {
    contactUpdate(id: $id, input: $input) {
      notices
      contact {
        id
        ...contactFields_contact
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

const NEWEST = graphql`
  query useFieldSaveQuery($id: ID!, $withWho: Boolean!) {
    contact(id: $id) {
      ...contactFields_contact @relay(mask: false)
    }
    auditLog(first: 1, subjectId: $id) @include(if: $withWho) {
      nodes {
        actor {
          ... on Member {
            name
          }
          ... on ApiToken {
            name
          }
        }
      }
    }
  }
`;

/** Somebody else's value, that is there now; `by` is who wrote it, where the viewer may know. */
export type Conflict = { theirs: unknown; by: string | null };

export type Outcome = { is: "saved" } | { is: "conflict"; conflict: Conflict } | { is: "refused"; message: string | null };

/**
 * Saves one value of a contact, unless it is no longer what the edit began with: then nothing is written, and the other value is
 * given back.
 */
export function useFieldSave(
  contactId: string,
  definition: Definition,
): [(value: unknown, against: unknown) => Promise<Outcome>, boolean] {
  const environment = useRelayEnvironment();
  const mayAudit = useMay("AUDIT_READ");
  const [commit] = useMutationCall<useFieldSaveMutation>(SAVE);
  const [busy, setBusy] = useState(false);

  const attempt = async (value: unknown, against: unknown): Promise<Outcome> => {
    const variables = { id: contactId, withWho: mayAudit };
    const newest = await fetchQuery<useFieldSaveQuery>(environment, NEWEST, variables, { fetchPolicy: "network-only" }).toPromise();
    const theirs = newest?.contact && valueAt(definition, newest.contact);
    if (!isSame(theirs, against)) {
      return { is: "conflict", conflict: { theirs, by: newest?.auditLog?.nodes[0]?.actor?.name ?? null } };
    }
    const answer = await commit({ id: contactId, input: inputOf(definition, value) });
    if (!answer) return { is: "refused", message: null };
    const { userErrors, notices } = answer.contactUpdate;
    if (userErrors[0]) return { is: "refused", message: userErrors[0].message };
    for (const notice of notices) notifyDone(notice);
    return { is: "saved" };
  };

  const save = async (value: unknown, against: unknown) => {
    setBusy(true);
    try {
      return await attempt(value, against);
    } catch (error) {
      notifyOfError(error as Error);
      return { is: "refused", message: null } as const;
    } finally {
      setBusy(false);
    }
  };
  return [save, busy];
}
