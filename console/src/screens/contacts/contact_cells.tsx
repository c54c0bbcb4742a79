import { Badge, Group } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { DataCell } from "../../components/data_table";
import { Moment } from "../../components/moment";
import { RowLink } from "../../components/row_link";
import { formatDate } from "../../format/dates";
import { formatNumber } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import type { contactCells_contact$data, contactCells_contact$key } from "../../__generated__/contactCells_contact.graphql";
import { isNumeric, nameOf, type BuiltIn, type ChosenColumn } from "./columns";
import { ConsentBadge } from "./consent_badge";
import type { CustomField } from "./labels";
import { valueText } from "./values";

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
  const t = useTexts();
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
  return (
    <>
      <DataCell>
        <RowLink path={`/contacts/${row.id}`} strong={Boolean(row.name)}>
          {row.name ?? t.contacts.nameless}
        </RowLink>
      </DataCell>
      {columns.map((column) => (
        <DataCell key={nameOf(column)} numeric={isNumeric(column)}>
          {column.kind === "field" && <Field row={row} name={column.key} />}
          {column.kind === "attribute" && attributeText(row.attributes, column.key, fields)}
          {column.kind === "score" && <Score row={row} score={column.key} />}
        </DataCell>
      ))}
    </>
  );
}

function Field({ row, name }: { row: contactCells_contact$data; name: BuiltIn }) {
  if (name === "tags") return <Tags tags={row.tags ?? []} />;
  if (name === "consent") return <ConsentBadge consent={row.whatsappConsent} />;
  if (name === "created") return <Moment at={row.createdAt} />;
  if (name === "updated") return <Moment at={row.updatedAt} />;
  if (name === "lastInteraction") return <Moment at={row.lastInteractionAt} />;
  if (name === "subscribed") return <Moment at={row.subscribedAt} />;
  if (name === "score") return formatNumber(row.score);
  if (name === "birth") return row.dateOfBirth ? formatDate(row.dateOfBirth) : "–";
  if (name === "timezone") return row.timezone ?? "–";
  return row[name] ?? "–";
}

function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return "–";
  return (
    <Group gap={4} wrap="nowrap" title={tags.join(", ")}>
      {tags.slice(0, 3).map((tag) => (
        <Badge key={tag} variant="default" radius="sm" tt="none" fw={500}>
          {tag}
        </Badge>
      ))}
      {tags.length > 3 && `+${formatNumber(tags.length - 3)}`}
    </Group>
  );
}

function Score({ row, score }: { row: contactCells_contact$data; score: string }) {
  const found = row.scores?.find(({ model }) => model.key === score);
  if (!found) return "–";
  return `${formatNumber(found.value, { maximumFractionDigits: 2 })}${found.level ? ` ${found.level}` : ""}`;
}

function attributeText(attributes: unknown, key: string, fields: readonly CustomField[]): string {
  const value = attributes && typeof attributes === "object" ? (attributes as Record<string, unknown>)[key] : undefined;
  return valueText(value, fields.find((field) => field.key === key)?.type ?? "TEXT");
}
