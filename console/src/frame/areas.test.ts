import { expect, test } from "vitest";

import { mayOpen } from "./areas";

test("a member may open what their permissions show, and all that belongs to it", () => {
  expect(mayOpen("/contacts/Q29udGFjdDox", ["CONTACT_READ"])).toBe(true);
  expect(mayOpen("/contacts/Q29udGFjdDox", ["SEGMENT_READ"])).toBe(false);
  expect(mayOpen("/destinations/audiences", ["SEGMENT_READ"])).toBe(true);
});

test("the home screen is everybody's, and so is one's own password", () => {
  expect(mayOpen("/", [])).toBe(true);
  expect(mayOpen("/settings/password", [])).toBe(true);
});

test("each part of the settings has a permission of its own", () => {
  expect(mayOpen("/settings/members", [])).toBe(false);
  expect(mayOpen("/settings/members", ["MEMBER_MANAGE"])).toBe(true);
});
