import { expect, test } from "vitest";

import { afterDuration } from "./after_duration";

test.each([
  ["P1D", "2026-03-02T12:00:00.000Z"],
  ["PT90M", "2026-03-01T13:30:00.000Z"],
  ["P1Y6M", "2027-09-01T12:00:00.000Z"],
  ["P2W", "2026-03-15T12:00:00.000Z"],
  ["P0D", null],
  ["soon", null],
])("%s later", (duration, later) => {
  expect(afterDuration("2026-03-01T12:00:00Z", duration)).toBe(later);
});
