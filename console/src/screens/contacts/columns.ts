import type { Column } from "../../components/table_frame";
import type { Catalogue } from "../../texts/en";

/** Columns that each workspace has; `name` always comes first. */
export const COLUMNS = [
  "email",
  "phone",
  "externalId",
  "tags",
  "consent",
  "score",
  "lastInteraction",
  "subscribed",
  "birth",
  "timezone",
  "created",
  "updated",
] as const;

export type BuiltIn = (typeof COLUMNS)[number];

const AT_FIRST = "email,phone,tags,created";
/** Pixels; tags have what is left. */
const WIDTHS: Record<string, number | undefined> = { name: 180, email: 260, phone: 140 };
const USUAL_WIDTH = 150;

/** A column of the list: a field of Muster, a custom field (attributes.KEY), or a score (scores.KEY). */
export type ChosenColumn = { kind: "field"; key: BuiltIn } | { kind: "attribute" | "score"; key: string };

export function columnsOf(chosen: string | undefined): ChosenColumn[] {
  const seen = new Set<string>();
  const columns: ChosenColumn[] = [];
  for (const name of (chosen ?? AT_FIRST).split(",")) {
    const column = columnOf(name.trim());
    if (column && !seen.has(nameOf(column))) columns.push(column);
    if (column) seen.add(nameOf(column));
  }
  return columns;
}

/** What stands in the address: nothing for the columns at first. */
export function columnsText(columns: readonly ChosenColumn[]): string | undefined {
  const text = columns.map(nameOf).join(",") || "name";
  return text === AT_FIRST ? undefined : text;
}

function columnOf(name: string): ChosenColumn | null {
  const custom = /^(attributes|scores)\.(\w+)$/.exec(name);
  if (custom?.[2]) return { kind: custom[1] === "scores" ? "score" : "attribute", key: custom[2] };
  const key = COLUMNS.find((each) => each === name);
  return key ? { kind: "field", key } : null;
}

export function nameOf(column: ChosenColumn): string {
  if (column.kind === "field") return column.key;
  return column.kind === "score" ? `scores.${column.key}` : `attributes.${column.key}`;
}

export function isNumeric(column: ChosenColumn): boolean {
  return column.kind === "score" || (column.kind === "field" && column.key === "score");
}

/** The names by which exportStart knows what the columns show. */
export function exportFields(columns: readonly ChosenColumn[]): string[] {
  const names: Record<BuiltIn, string> = {
    email: "email",
    phone: "phone",
    externalId: "external_id",
    tags: "tags",
    consent: "whatsapp_consent",
    score: "score",
    lastInteraction: "last_interaction_at",
    subscribed: "subscribed_at",
    birth: "date_of_birth",
    timezone: "timezone",
    created: "created_at",
    updated: "updated_at",
  };
  return ["id", "name", ...columns.map((column) => (column.kind === "field" ? names[column.key] : nameOf(column)))];
}

/** The names of custom fields and scores, by key; empty until they are read. */
export type Labels = { attributes: ReadonlyMap<string, string>; scores: ReadonlyMap<string, string> };

export function labelOf(column: ChosenColumn, labels: Labels, t: Catalogue): string {
  if (column.kind === "field") return t.contacts.fields[column.key];
  return (column.kind === "score" ? labels.scores : labels.attributes).get(column.key) ?? column.key;
}

export function tableColumns(columns: readonly ChosenColumn[], labels: Labels, t: Catalogue): Column[] {
  const name = { key: "name", label: t.contacts.fields.name, width: WIDTHS.name };
  return [
    name,
    ...columns.map((column) => ({
      key: nameOf(column),
      label: labelOf(column, labels, t),
      numeric: isNumeric(column),
      width: nameOf(column) === "tags" ? undefined : (WIDTHS[nameOf(column)] ?? USUAL_WIDTH),
    })),
  ];
}
