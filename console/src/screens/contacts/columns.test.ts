import { expect, test } from "vitest";

import { COLUMNS, columnsOf, columnsText, exportFields, type ChosenColumn } from "./columns";

test("each choice of columns can be read from its text again", () => {
  const all: ChosenColumn[] = [
    ...COLUMNS.map((key) => ({ kind: "field" as const, key })),
    { kind: "attribute", key: "city" },
    { kind: "score", key: "interest" },
  ];
  for (let from = 0; from < all.length; from++) {
    for (let to = from; to <= all.length; to++) {
      const chosen = all.slice(from, to);
      expect(columnsOf(columnsText(chosen))).toEqual(chosen);
    }
  }
});

test("what is no column is left out, and none comes twice", () => {
  expect(columnsOf("email,nonsense,email,attributes.,attributes.city")).toEqual([
    { kind: "field", key: "email" },
    { kind: "attribute", key: "city" },
  ]);
});

test("an export of the columns has what finds the contact again", () => {
  expect(exportFields(columnsOf("consent,attributes.city,scores.interest"))).toEqual([
    "id",
    "name",
    "whatsapp_consent",
    "attributes.city",
    "scores.interest",
  ]);
});
