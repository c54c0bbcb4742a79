import { expect, test } from "vitest";

import { matchingOf, orderOf, scoreOrder, validateContactSearch } from "./list_search";

test("what an address may not hold is left out, and a number is read as text", () => {
  expect(validateContactSearch({ search: 600, order: "SIDEWAYS", panel: "x", columns: ["name"], rule: " " })).toEqual({
    search: "600",
    segment: undefined,
    rule: undefined,
    order: undefined,
    columns: undefined,
    panel: undefined,
    job: undefined,
  });
});

test("filters of white space are none", () => {
  expect(matchingOf({ search: "  ", rule: "\n" })).toEqual({ search: undefined, segmentId: undefined, ruleQuery: undefined });
});

test("an order by a score names the score", () => {
  expect(orderOf(scoreOrder("interest"))).toEqual({ orderBy: "CREATED_AT_DESC", orderByScore: "interest" });
  expect(orderOf("NAME_ASC")).toEqual({ orderBy: "NAME_ASC" });
  expect(orderOf(undefined)).toEqual({ orderBy: "CREATED_AT_DESC" });
});
