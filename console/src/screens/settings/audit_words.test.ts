import { expect, it } from "vitest";

import { settings as en } from "../../texts/en/settings";
import { settings as es } from "../../texts/es/settings";
import { ACTIONS, actionOf, detailsOf } from "./audit_words";

it("has words for each action, in each language", () => {
  for (const words of [en.audit, es.audit]) {
    for (const action of ACTIONS) expect(actionOf(words, action), action).toContain(": ");
  }
  expect(actionOf(en.audit, "SegmentContactsAdd")).toBe("Members of a segment: added");
  expect(actionOf(en.audit, "SomethingNew")).toBe("Something new");
});

it("shows details without their shape", () => {
  expect(detailsOf({ fields: ["email", "name"], dry_run: true, add_to_segment_id: null })).toEqual([
    ["Fields", "email, name"],
    ["Dry run", "true"],
  ]);
  expect(detailsOf("odd")).toEqual([]);
});
