import { expect, test } from "vitest";

import { contentPx, MOST_PX, rowsInView, rowTop, scrolledTo, type ScrollState } from "./scroll_window";

const START: ScrollState = { top: 0, offset: 0 };

const sizeOf = (rows: number) => ({ rows, rowPx: 44, viewPx: 600 });

test("a list that a browser can draw is as high as its rows", () => {
  const size = sizeOf(100_000);
  expect(contentPx(size)).toBe(4_400_000);
  expect(scrolledTo(START, 4_399_400, size)).toEqual({ top: 4_399_400, offset: 0 });
  expect(rowsInView({ top: 4_399_400, offset: 0 }, size, 0)).toEqual([99_986, 100_000]);
});

test("the end of the scroll bar is the last row, and its beginning the first, of a list of any length", () => {
  for (const rows of [1, 14, 300_000, 1_000_000, 50_000_000]) {
    const size = sizeOf(rows);
    const end = scrolledTo(START, Math.max(0, contentPx(size) - size.viewPx), size);
    const [first, after] = rowsInView(end, size, 0);
    expect(after).toBe(rows);
    expect(rowTop(rows - 1, end, 44) + 44).toBeCloseTo(contentPx(size), 3);
    expect(after - first).toBeGreaterThanOrEqual(Math.min(rows, 13));
    expect(rowsInView(scrolledTo(end, 0, size), size, 0)[0]).toBe(0);
  }
});

test("small steps in a list that is too high for a browser pass each row", () => {
  const size = sizeOf(2_000_000);
  let state = scrolledTo(START, MOST_PX / 2, size);
  let [before] = rowsInView(state, size, 0);
  for (let step = 1; step <= 100; step++) {
    state = scrolledTo(state, MOST_PX / 2 + step * 44, size);
    const [first] = rowsInView(state, size, 0);
    expect(first).toBe(before + 1);
    before = first;
  }
});

test("rows around those in view stay within the list", () => {
  expect(rowsInView(START, sizeOf(20), 12)).toEqual([0, 20]);
  expect(rowsInView(START, sizeOf(0), 12)).toEqual([0, 0]);
});
