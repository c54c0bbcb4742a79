import { Card, Stack, Title } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { Moment } from "../../components/moment";
import { useMay, useViewer } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { contactFields_contact$key } from "../../__generated__/contactFields_contact.graphql";
import { EditableField, FieldRow } from "./editable_field";
import { attributeField, BUILT_IN_FIELDS, type Definition } from "./field_definitions";
import type { CustomField } from "./labels";

/** What is known of a contact, each value edited where it stands. */
export function ContactFields({ contact, fields }: { contact: contactFields_contact$key; fields: readonly CustomField[] }) {
  const t = useTexts().contacts;
  const zone = useViewer().workspace.timezone;
  const mayWrite = useMay("CONTACT_WRITE");
  const data = useFragment(
    graphql`
      fragment contactFields_contact on Contact {
        id
        externalId
        name
        firstName
        lastName
        email
        phone
        timezone
        dateOfBirth
        subscribedAt
        lastInteractionAt
        score
        tags
        attributes
        updatedAt
      }
    `,
    contact,
  );
  const attributes = (data.attributes ?? {}) as Readonly<Record<string, unknown>>;
  const row = (field: Definition, value: unknown, label: string) => (
    <EditableField key={field.path.join(".")} contactId={data.id} definition={field} label={label} value={value} zone={zone} mayWrite={mayWrite} />
  );
  return (
    <>
      <Card withBorder padding="sm">
        <Title order={2} size="h5" px="xs" pb={4}>
          {t.page.fields}
        </Title>
        <Stack gap={0} component="dl" m={0}>
          {BUILT_IN_FIELDS.map((field) => row(field, data[field.key], t.fields[field.label]))}
          <FieldRow label={t.fields.updated}>
            <Moment at={data.updatedAt} />
          </FieldRow>
        </Stack>
      </Card>
      {fields.length > 0 && (
        <Card withBorder padding="sm">
          <Title order={2} size="h5" px="xs" pb={4}>
            {t.page.customFields}
          </Title>
          <Stack gap={0} component="dl" m={0}>
            {fields.map((field) => row(attributeField(field), attributes[field.key], field.label))}
          </Stack>
        </Card>
      )}
    </>
  );
}
