import { expect, test } from "vitest";

import { instantOf, zonedText } from "./zoned";

test("a local time is read in the zone, and shown as it was written", () => {
  expect(instantOf("2026-07-01T09:30", "Europe/Madrid")).toBe("2026-07-01T07:30:00.000Z");
  expect(zonedText("2026-07-01T07:30:00Z", "Europe/Madrid")).toBe("2026-07-01T09:30");
  expect(instantOf("soon", "Europe/Madrid")).toBeNull();
});

test("a time that the clocks skip is moved forward, and of two it is the first", () => {
  expect(instantOf("2026-03-29T02:30", "Europe/Madrid")).toBe("2026-03-29T01:30:00.000Z");
  expect(instantOf("2026-10-25T02:30", "Europe/Madrid")).toBe("2026-10-25T00:30:00.000Z");
});

test("the hours of a year come back from their texts, in zones of all kinds", () => {
  for (const zone of ["UTC", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "Australia/Lord_Howe"]) {
    for (let hour = 0; hour < 8760; hour += 13) {
      const instant = new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
      const again = instantOf(zonedText(instant, zone), zone);
      expect(again && zonedText(again, zone)).toBe(zonedText(instant, zone));
    }
  }
});
