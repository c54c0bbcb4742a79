import { describe, expect, it } from "vitest";

import { paceOf, secondsLeft, withSample, type Sample } from "./pace";

describe("the pace of a job", () => {
  it("is not known before a second has passed", () => {
    expect(paceOf([])).toBeNull();
    expect(
      paceOf([
        { at: 0, done: 0 },
        { at: 900, done: 10_000 },
      ]),
    ).toBeNull();
  });

  it("is what was done in the last twenty seconds", () => {
    let samples: Sample[] = [];
    for (let second = 0; second <= 60; second++) samples = withSample(samples, { at: second * 1_000, done: second < 30 ? second : 30 + (second - 30) * 100 });
    expect(paceOf(samples)).toBeCloseTo(100);
    expect(samples.length).toBeLessThanOrEqual(21);
  });

  it("begins anew when a job begins anew", () => {
    expect(withSample([{ at: 0, done: 500 }], { at: 1_000, done: 0 })).toEqual([{ at: 1_000, done: 0 }]);
  });

  it("says how long it takes, never less than nothing", () => {
    expect(secondsLeft(100, 300, 50)).toBe(4);
    expect(secondsLeft(301, 300, 50)).toBe(0);
    expect(secondsLeft(0, null, 50)).toBeNull();
    expect(secondsLeft(0, 10, null)).toBeNull();
  });
});
