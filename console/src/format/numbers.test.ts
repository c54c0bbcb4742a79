import { beforeAll, expect, test, vi } from "vitest";

import { formatBytes, formatDifference, formatNumber, formatShare, formatShort } from "./numbers";

beforeAll(() => {
  vi.stubGlobal("navigator", { languages: ["de-DE", "en-IN"] });
});

test("numbers are written as in the viewer's country, when it has the language of the texts", () => {
  expect(formatNumber(1234567)).toBe("12,34,567");
});

test("a share of a whole is a percentage", () => {
  expect(formatShare(0.1234)).toBe("12.3%");
});

test("a difference has its sign, and nothing has none", () => {
  expect([56, -56, 0].map(formatDifference)).toEqual(["+56", "-56", "0"]);
});

test("sizes have the unit in which they are read most easily", () => {
  expect([0, 999, 1000, 1_500_000, 2.5e12].map(formatBytes)).toEqual(["0 byte", "999 byte", "1 kB", "1.5 MB", "2,500 GB"]);
});

test("where there is little room, a number is rounded", () => {
  expect(formatShort(999)).toBe("999");
  expect(formatShort(12345)).toBe("12.3K");
});
