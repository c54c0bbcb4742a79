import { expect, test } from "vitest";

import { sparklinePath } from "./sparkline_path";

test("a line goes from the left to the right, and its extremes touch the margins", () => {
  const { line, end } = sparklinePath([10, 30, 20], 96, 28);
  expect(line).toBe("M3,25L48,3L93,14");
  expect(end).toEqual({ x: 93, y: 14 });
});

test("values that are all the same lie in the middle, and one value is a point", () => {
  expect(sparklinePath([7, 7], 96, 28).line).toBe("M3,14L93,14");
  expect(sparklinePath([7], 96, 28).end).toEqual({ x: 3, y: 14 });
});

test("no values are no line", () => {
  expect(sparklinePath([], 96, 28)).toEqual({ line: "", area: "", end: null });
});
