import { graphql, readInlineData } from "relay-runtime";

import { useMoments } from "../../format/use_moments";
import { useRead } from "../../relay/read";
import type { sampleContact_contact$data, sampleContact_contact$key } from "../../__generated__/sampleContact_contact.graphql";
import type { sampleContactQuery } from "../../__generated__/sampleContactQuery.graphql";
import { wallOf } from "./zones";

const CONTACT = graphql`
  fragment sampleContact_contact on Contact @inline {
    id
    name
    firstName
    lastName
    email
    phone
    externalId
    timezone
    score
    dateOfBirth
    tags
    subscribedAt
    lastInteractionAt
    createdAt
    attributes
  }
`;

const QUERY = graphql`
  query sampleContactQuery($segment: ID, $chosen: ID!, $isChosen: Boolean!) {
    contacts(first: 1, segmentId: $segment) @skip(if: $isChosen) {
      nodes {
        ...sampleContact_contact
      }
    }
    contact(id: $chosen) @include(if: $isChosen) {
      ...sampleContact_contact
    }
  }
`;

export type Sample = { id: string; name: string; values: Readonly<Record<string, string>> };

/**
 * The contact for whom a message is shown: the one that was chosen, else a member of the segment, else any; undefined until that is known.
 * `isAsked`: else nobody.
 */
export function useSampleContact(chosen: string | null, segment: string | null, isAsked: boolean): Sample | null | undefined {
  const { zone } = useMoments();
  const variables = { segment, chosen: chosen ?? "", isChosen: chosen !== null };
  const { data, error } = useRead<sampleContactQuery>(QUERY, isAsked ? variables : null);
  if (isAsked && !data && !error) return undefined;
  const contact = data?.contact ?? data?.contacts?.nodes[0];
  return contact ? sampleOf(contact, zone) : null;
}

/** What a message shows of a contact, with moments in the workspace's zone. */
export function sampleOf(key: sampleContact_contact$key, zone: string): Sample {
  const contact = readInlineData(CONTACT, key);
  return { id: contact.id, name: contact.name ?? contact.phone ?? contact.email ?? "–", values: valuesOf(contact, zone) };
}

/** The fields of a contact as they are written into a message. */
function valuesOf(contact: sampleContact_contact$data, zone: string): Record<string, string> {
  const instant = (at: string | null | undefined) => (at ? wallOf(at, zone).slice(0, 16) : "");
  const values: Record<string, string> = {
    name: contact.name ?? "",
    first_name: contact.firstName ?? "",
    last_name: contact.lastName ?? "",
    email: contact.email ?? "",
    phone: contact.phone ?? "",
    external_id: contact.externalId ?? "",
    timezone: contact.timezone ?? "",
    score: String(contact.score),
    date_of_birth: contact.dateOfBirth ?? "",
    tags: contact.tags.join(", "),
    subscribed_at: instant(contact.subscribedAt),
    last_interaction_at: instant(contact.lastInteractionAt),
    created_at: instant(contact.createdAt),
  };
  for (const [key, value] of Object.entries((contact.attributes ?? {}) as Record<string, unknown>)) {
    values[`attributes.${key}`] = Array.isArray(value) ? value.join(", ") : String(value ?? "");
  }
  return values;
}
