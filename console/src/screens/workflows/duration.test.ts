import { expect, test } from "vitest";

import { amountOf, durationOf, UNITS } from "./duration";

test("what a form says is what it shows again", () => {
  for (const unit of UNITS) {
    for (const count of [1, 2, 5, 11]) {
      const duration = durationOf({ count, unit });
      const again = amountOf(duration);
      expect(again && durationOf(again)).toBe(duration);
    }
  }
});

test("a duration of several units is said in the largest that fits", () => {
  expect(amountOf("P1DT2H")).toEqual({ count: 26, unit: "H" });
  expect(amountOf("PT90S")).toEqual({ count: 90, unit: "S" });
  expect(amountOf("P1MT1H")).toBeNull();
  expect(amountOf("three days")).toBeNull();
});
