import { graphql } from "relay-runtime";

import { useMoments } from "../../format/moments";
import { useRead } from "../../relay/read";
import type { sampleContactQuery, sampleContactQuery$data } from "../../__generated__/sampleContactQuery.graphql";
import { wallOf } from "./zones";

const QUERY = graphql`
  query sampleContactQuery($segment: ID, $chosen: [ID!]!, $isChosen: Boolean!) {
    contacts(first: 1, segmentId: $segment) @skip(if: $isChosen) {
      nodes {
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
    }
    nodes(ids: $chosen) @include(if: $isChosen) {
      ... on Contact {
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
    }
  }
`;

type Contact = NonNullable<sampleContactQuery$data["contacts"]>["nodes"][number];

export type Sample = { id: string; name: string; values: Readonly<Record<string, string>> };

/** The contact for whom a message is shown: the one that was chosen, else a member of the segment, else any. */
export function useSampleContact(chosen: string | null, segment: string | null, mayRead: boolean): Sample | null {
  const { zone } = useMoments();
  const variables = { segment, chosen: chosen ? [chosen] : [], isChosen: chosen !== null };
  const { data } = useRead<sampleContactQuery>(QUERY, mayRead ? variables : null);
  const contact = (data?.nodes?.[0] ?? data?.contacts?.nodes[0]) as Contact | undefined;
  if (!contact?.id) return null;
  return { id: contact.id, name: contact.name ?? contact.phone ?? contact.email ?? contact.id, values: valuesOf(contact, zone) };
}

/** The fields of a contact as they are written into a message. */
function valuesOf(contact: Contact, zone: string): Record<string, string> {
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
