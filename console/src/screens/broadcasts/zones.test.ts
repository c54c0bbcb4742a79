import { describe, expect, it } from "vitest";

import { instantOf, wallOf } from "./zones";

const ZONES = ["UTC", "Europe/Madrid", "America/New_York", "Asia/Kolkata", "Pacific/Chatham", "America/Sao_Paulo"];

describe("instantOf", () => {
  it("is taken back by wallOf, but in a skipped hour", () => {
    for (const zone of ZONES) {
      for (let day = 1; day < 365; day += 3) {
        const wall = new Date(Date.UTC(2026, 0, day, (day * 7) % 24, 30)).toISOString().slice(0, 19).replace("T", " ");
        expect(wallOf(instantOf(wall, zone), zone)).toBe(wall);
      }
    }
  });

  it("knows summer from winter", () => {
    expect(instantOf("2026-01-15 09:00:00", "Europe/Madrid")).toBe("2026-01-15T08:00:00.000Z");
    expect(instantOf("2026-07-15 09:00:00", "Europe/Madrid")).toBe("2026-07-15T07:00:00.000Z");
  });

  it("goes on after the hour that is skipped", () => {
    expect(instantOf("2026-03-29 02:30:00", "Europe/Madrid")).toBe("2026-03-29T01:30:00.000Z");
  });
});
