import type { ContactInput } from "../../__generated__/useFieldSaveMutation.graphql";
import type { contactFields_contact$data } from "../../__generated__/contactFields_contact.graphql";
import type { Catalogue } from "../../texts/en";
import type { CustomField } from "./labels";

/** How a value is edited. */
export type Editor = "text" | "email" | "tel" | "integer" | "number" | "boolean" | "date" | "datetime" | "choice" | "choices" | "tags" | "zone";

/** A value of a contact that can be edited; `path` is where it stands in the input and in the contact. */
export type Definition = {
  path: readonly [string] | readonly ["attributes", string];
  editor: Editor;
  choices?: readonly string[];
  longest?: number;
};

type BuiltInKey = Exclude<keyof contactFields_contact$data, " $fragmentType" | "id" | "attributes" | "updatedAt">;
type BuiltInField = Definition & { key: BuiltInKey; label: keyof Catalogue["contacts"]["fields"] };

function builtIn(key: BuiltInKey, label: BuiltInField["label"], editor: Editor, longest?: number): BuiltInField {
  return { key, label, editor, path: [key], longest };
}

export const BUILT_IN_FIELDS: readonly BuiltInField[] = [
  builtIn("name", "name", "text", 500),
  builtIn("firstName", "firstName", "text", 240),
  builtIn("lastName", "lastName", "text", 240),
  builtIn("email", "email", "email", 320),
  builtIn("phone", "phone", "tel", 40),
  builtIn("tags", "tags", "tags"),
  builtIn("externalId", "externalId", "text", 200),
  builtIn("dateOfBirth", "birth", "date"),
  builtIn("timezone", "timezone", "zone"),
  builtIn("subscribedAt", "subscribed", "datetime"),
  builtIn("lastInteractionAt", "lastInteraction", "datetime"),
  builtIn("score", "score", "integer"),
];

const EDITORS: Record<CustomField["type"], Editor> = {
  TEXT: "text",
  NUMBER: "number",
  BOOLEAN: "boolean",
  DATE: "date",
  DATETIME: "datetime",
  CHOICE: "choice",
  MULTI_CHOICE: "choices",
};

export function attributeField({ key, type, choices }: CustomField): Definition {
  return { path: ["attributes", key], editor: EDITORS[type], choices: choices ?? [], longest: 4000 };
}

/** The input that sets this one value and nothing else. */
export function inputOf({ path }: Definition, value: unknown): ContactInput {
  return path.length === 2 ? { attributes: { [path[1]]: value } } : { [path[0]]: value };
}

/** The value at the path in a contact that was read. */
export function valueAt({ path }: Definition, contact: Readonly<Record<string, unknown>>): unknown {
  const value = contact[path[0]];
  if (path.length === 1) return value ?? null;
  return (value as Readonly<Record<string, unknown>> | null | undefined)?.[path[1]] ?? null;
}

export function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}
