import { expect, test } from "vitest";

import { codeOf, routeOf, SCREEN_CODE } from "./screen_code";

test("the code of a screen is found by any path of its route", () => {
  expect(codeOf("/")).toBe(SCREEN_CODE["/"]);
  expect(codeOf("/contacts/Q29udGFjdDox")).toBe(SCREEN_CODE["/contacts/$contactId"]);
  expect(codeOf("/segments/abc/edit/")).toBe(SCREEN_CODE["/segments/$segmentId/edit"]);
});

test("a path of its own goes before one with a parameter", () => {
  expect(codeOf("/contacts/duplicates")).toBe(SCREEN_CODE["/contacts/duplicates"]);
  expect(codeOf("/broadcasts/new")).toBe(SCREEN_CODE["/broadcasts/new"]);
  expect(routeOf("/segments/new")).toBe("/segments/new");
});

test("where there is no screen there is no code", () => {
  expect(codeOf("/nowhere")).toBeUndefined();
  expect(codeOf("/contacts/1/2/3")).toBeUndefined();
});
