import { expect, test } from "vitest";

import { rules } from "../texts/en/rules";
import { estimateInWords } from "./estimate_in_words";

test.each([
  [501_875, 15_378, "≈ 500,000"],
  [42_250, 4_418, "≈ 42,000"],
  [0, 346, "< 300"],
  [100, 346, "< 400"],
  [1_234, 0, "1,234"],
])("%i, more or less %i", (count, margin, words) => {
  expect(estimateInWords(rules, { count, margin })).toBe(words);
});
