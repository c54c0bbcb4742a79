import { beforeAll, expect, test, vi } from "vitest";

import { formatBytes, formatDifference, formatNumber, formatShare, formatShort, formatWhole } from "./numbers";

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

test.each(["en", "en-US", "en-GB", "en-AU", "en-CA", "en-IE", "en-NZ", "es", "es-ES"])("whole numbers are parted as the browser would: %s", (where) => {
  const theirs = new Intl.NumberFormat(where);
  for (const value of [0, 7, -7, 999, 1_000, -1_000, 9_999, 10_000, 123_456, -1_234_567, 1_000_000_000, Number.MAX_SAFE_INTEGER]) {
    expect(formatWhole(value, where)).toBe(theirs.format(value));
  }
});

test("what is not known here is asked of the browser", () => {
  expect(formatWhole(1234, "en-IN")).toBeNull();
  expect(formatWhole(1.5, "en")).toBeNull();
});

test("a whole number that may have digits after the point is written without them, as the browser would", () => {
  vi.stubGlobal("navigator", { languages: ["en-US"] });
  for (const value of [0, 42, -1_234, 1_234_567, 2.5]) {
    expect(formatNumber(value, { maximumFractionDigits: 6 })).toBe(new Intl.NumberFormat("en-US", { maximumFractionDigits: 6 }).format(value));
  }
});
