import { expect, it } from "vitest";

import { EMPTY_DRAFT, inputOf, sentBindings, withBinding } from "./draft_values";

const TEMPLATE = { parameters: ["1", "2"], optionalParameters: ["button.0.payload"] };

it("sends only what the template has and what is filled, in the template's order", () => {
  const bindings = [
    { name: "2", text: "shoes" },
    { name: "other", text: "kept, not sent" },
    { name: "1", field: "name", fallback: " " },
    { name: "button.0.payload", text: "" },
  ];
  expect(sentBindings(bindings, TEMPLATE)).toEqual([
    { name: "1", field: "name", fallback: null },
    { name: "2", text: "shoes" },
  ]);
});

it("replaces a binding in its place", () => {
  const before = [{ name: "1", text: "a" }, { name: "2", text: "b" }];
  expect(withBinding(before, { name: "1", field: "name" })).toEqual([{ name: "1", field: "name" }, { name: "2", text: "b" }]);
  expect(withBinding(before, { name: "3", text: "c" })).toHaveLength(3);
});

it("is no input without a template", () => {
  expect(inputOf(EMPTY_DRAFT, null)).toBeNull();
  expect(inputOf({ ...EMPTY_DRAFT, name: " x ", templateId: "t" }, TEMPLATE)).toMatchObject({ name: "x", parameters: [] });
});
