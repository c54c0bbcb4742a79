import { graphql, useFragment } from "react-relay";

import { useKit } from "../../components/use_kit";
import type { contactCells_contact$key } from "../../__generated__/contactCells_contact.graphql";
import type { ChosenColumn } from "./columns";
import { Cells } from "./contact_list_parts";
import type { CustomField } from "./labels";

/** The cells of one contact in the list: its name, which leads to its page, and the chosen columns. */
export function ContactCells({
  contact,
  columns,
  fields,
}: {
  contact: contactCells_contact$key;
  columns: readonly ChosenColumn[];
  fields: readonly CustomField[];
}) {
  const kit = useKit();
  const row = useFragment(
    graphql`
      fragment contactCells_contact on Contact {
        id
        name
        externalId
        email
        phone
        timezone
        dateOfBirth
        subscribedAt
        lastInteractionAt
        score
        whatsappConsent
        createdAt
        updatedAt
        tags @include(if: $withTags)
        attributes @include(if: $withAttributes)
        scores @include(if: $withScores) {
          value
          level
          model {
            id
            key
          }
        }
      }
    `,
    contact,
  );
  return <Cells kit={kit} row={row} columns={columns} fields={fields} />;
}
