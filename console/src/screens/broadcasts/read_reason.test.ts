import { expect, it } from "vitest";

import { readReason } from "./read_reason";

it("takes known reasons apart", () => {
  expect(readReason("Paused by a person.")).toEqual({ is: "pausedByPerson" });
  expect(readReason("Waiting until 2026-11-29 14:05 UTC: then WhatsApp is asked again.")).toEqual({
    is: "waitingUntil",
    at: "2026-11-29T14:05:00Z",
    why: "then WhatsApp is asked again.",
  });
  expect(readReason("Waiting for the segment 'It's' to be computed.")).toEqual({ is: "waitingForSegment", segment: "It's" });
  expect(readReason("Paused by itself: 60 of 100 failed.")).toEqual({ is: "tooManyFailures", share: "60 of 100 failed" });
  expect(readReason("It could not be started within PT1H of its time.")).toEqual({ is: "late" });
});

it("leaves others as they are", () => {
  expect(readReason("(190) Error validating access token")).toEqual({ is: "other", text: "(190) Error validating access token" });
});
