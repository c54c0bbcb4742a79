import { expect, it } from "vitest";

import { charactersOf, unitsOf } from "./code_points";

it("counts as the server does", () => {
  expect(unitsOf("a😀b", 2)).toBe(3);
  expect(charactersOf("a😀b", 3)).toBe(2);
  expect(unitsOf("abc", 9)).toBe(3);
  for (const text of ["", "plain", "é😀漢", "😀😀"]) {
    for (let count = 0; count <= [...text].length; count++) expect(charactersOf(text, unitsOf(text, count))).toBe(count);
  }
});
