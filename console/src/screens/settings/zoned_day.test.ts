import { expect, it } from "vitest";

import { startOfDay } from "./zoned_day";

it("finds where a day begins in a zone, on days when clocks change too", () => {
  expect(startOfDay("2026-11-29", "UTC")).toBe("2026-11-29T00:00:00.000Z");
  expect(startOfDay("2026-07-01", "Europe/Madrid")).toBe("2026-06-30T22:00:00.000Z");
  expect(startOfDay("2026-03-29", "Europe/Madrid")).toBe("2026-03-28T23:00:00.000Z");
  expect(startOfDay("2026-03-29", "Europe/Madrid", 1)).toBe("2026-03-29T22:00:00.000Z");
  expect(startOfDay("2026-10-25", "Europe/Madrid")).toBe("2026-10-24T22:00:00.000Z");
  expect(startOfDay("2026-01-01", "America/Sao_Paulo")).toBe("2026-01-01T03:00:00.000Z");
});
