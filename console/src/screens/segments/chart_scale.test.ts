import { expect, test } from "vitest";

import { heightOf, scaleOf } from "./chart_scale";

test("a scale holds all values between round marks", () => {
  for (const values of [[0], [7], [3, 1421], [-12, 40], [1_000_000, 1_000_003], [-5, -4], [99, 101, 250]]) {
    for (const withZero of [true, false]) {
      const scale = scaleOf(values, withZero);
      expect(scale.low).toBeLessThanOrEqual(Math.min(...values));
      expect(scale.high).toBeGreaterThanOrEqual(Math.max(...values));
      expect(scale.ticks.length).toBeGreaterThanOrEqual(2);
      expect(scale.ticks.length).toBeLessThanOrEqual(7);
      expect([scale.ticks[0], scale.ticks.at(-1)]).toEqual([scale.low, scale.high]);
      if (withZero) expect(scale.ticks).toContain(0);
    }
  }
});

test("nothing to draw has a scale too", () => {
  expect(scaleOf([], false)).toEqual({ low: 0, high: 1, ticks: [0, 1] });
});

test("the lowest mark lies at the bottom, and the highest at the top", () => {
  const scale = scaleOf([0, 40], true);
  expect(heightOf(0, scale, 100)).toBe(100);
  expect(heightOf(40, scale, 100)).toBe(0);
});
