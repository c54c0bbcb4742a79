import { describe, expect, it } from "vitest";

import { figuresOf, paceOf, withSample, type Sample } from "./pace";

const COUNTS = { pending: 5, sending: 1, sent: 10, delivered: 20, read: 30, failed: 4, skipped: 3, unconfirmed: 2 };

describe("figuresOf", () => {
  it("adds up to every message once", () => {
    const figures = figuresOf(COUNTS);
    expect(figures).toMatchObject({ total: 75, waiting: 6, done: 69, sent: 60, delivered: 50, read: 30 });
    expect(figures.waiting + figures.sent + figures.failed + figures.skipped + figures.unconfirmed).toBe(figures.total);
  });
});

describe("paceOf", () => {
  it("says nothing from too little", () => {
    expect(paceOf([], 10)).toBeNull();
    expect(paceOf([{ at: 0, done: 0 }], 10)).toBeNull();
    expect(paceOf([{ at: 0, done: 0 }, { at: 1000, done: 10 }], 10)).toBeNull();
    expect(paceOf([{ at: 0, done: 5 }, { at: 9000, done: 5 }], 10)).toBeNull();
  });

  it("divides what was done by the time", () => {
    expect(paceOf([{ at: 0, done: 0 }, { at: 2000, done: 100 }], 501)).toEqual({ perSecond: 50, secondsLeft: 11 });
  });
});

describe("withSample", () => {
  it("forgets what is old, but never all", () => {
    let samples: Sample[] = [];
    for (let at = 0; at <= 60_000; at += 5_000) samples = withSample(samples, { at, done: at });
    expect(samples[0]?.at).toBe(40_000);
    expect(withSample([{ at: 0, done: 1 }], { at: 90_000, done: 2 })).toHaveLength(2);
  });
});
