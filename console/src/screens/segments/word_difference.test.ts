import { expect, it } from "vitest";

import { wordDifference, type Stretch } from "./word_difference";

const TEXTS = [
  "",
  "city = 'Lyon'",
  "city = 'Lyon' and tagged any ('regular')",
  "city = 'New York' and tagged any ('regular', 'vip')",
  "count(purchase where total > 100) within last 90 days >= 2",
];

function without(stretches: readonly Stretch[], kind: Stretch["is"]): string {
  return stretches
    .filter(({ is }) => is !== kind)
    .map(({ text }) => text)
    .join("");
}

it("gives both texts back", () => {
  for (const before of TEXTS) {
    for (const after of TEXTS) {
      const difference = wordDifference(before, after);
      expect(without(difference, "added")).toBe(before);
      expect(without(difference, "removed")).toBe(after);
    }
  }
});

it("marks only the words that differ", () => {
  expect(wordDifference("city = 'Lyon' and score > 3", "city = 'Paris' and score > 3")).toEqual([
    { is: "same", text: "city = " },
    { is: "removed", text: "'Lyon'" },
    { is: "added", text: "'Paris'" },
    { is: "same", text: " and score > 3" },
  ]);
});
