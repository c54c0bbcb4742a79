import { expect, it } from "vitest";

import { keyOf } from "./field_key";
import { daysOf } from "./places";

it("makes a key of a label", () => {
  expect(keyOf("Última compra (€)")).toBe("ultima_compra");
  expect(keyOf("  Pet's name ")).toBe("pet_s_name");
  expect(keyOf("日本")).toBe("");
});

it("reads days of a duration", () => {
  expect(daysOf("P7D")).toBe(7);
  expect(daysOf("P2W")).toBe(14);
  expect(daysOf("PT5H")).toBeNull();
  expect(daysOf(undefined)).toBeNull();
});
