import { expect, it } from "vitest";

import { clockAt, instantAt } from "./zoned";

const ZONES = ["UTC", "Europe/Madrid", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns"];

it("reads what it shows", () => {
  for (const zone of ZONES) {
    for (let hour = 0; hour < 24 * 366; hour += 29) {
      const instant = new Date(Date.UTC(2026, 0, 1, hour)).toISOString().replace(".000Z", "Z");
      const clock = clockAt(instant, zone);
      expect(clockAt(instantAt(clock, zone), zone)).toBe(clock);
    }
  }
});

it("reads a clock by the zone's offset", () => {
  expect(instantAt("2026-07-01T09:00", "Europe/Madrid")).toBe("2026-07-01T07:00:00Z");
  expect(instantAt("2026-12-01T09:00", "Europe/Madrid")).toBe("2026-12-01T08:00:00Z");
  expect(instantAt("2026-10-25T02:30", "Europe/Madrid")).toBe("2026-10-25T00:30:00Z");
  expect(instantAt("2026-03-29T02:30", "Europe/Madrid")).toBe("2026-03-29T01:30:00Z");
});
