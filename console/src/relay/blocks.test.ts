import { expect, test } from "vitest";

import { blockSource, lengthWith, pastRemoved, type Block } from "./blocks";

const full = (endCursor: string): Block<number> => ({ rows: [1, 2, 3], endCursor });

test("a block is read after the nearest one before it", () => {
  const blocks = new Map([
    [0, full("a")],
    [1, full("b")],
    [9, full("z")],
  ]);
  expect(blockSource(blocks, 2, 3)).toEqual({ after: "b", skip: 0 });
  expect(blockSource(blocks, 5, 3)).toEqual({ after: "b", skip: 9 });
  expect(blockSource(blocks, 20, 3)).toEqual({ after: "z", skip: 30 });
  expect(blockSource(blocks, 0, 3)).toEqual({ after: null, skip: 0 });
  expect(blockSource(new Map(), 4, 3)).toEqual({ after: null, skip: 12 });
});

test("a block that is not full says nothing about where the next one begins", () => {
  expect(blockSource(new Map([[0, { rows: [1], endCursor: "a" }]]), 1, 3)).toEqual({ after: null, skip: 3 });
});

test("the end of a list is known when it is read", () => {
  expect(lengthWith(100, 50, true)).toBe(100);
  expect(lengthWith(100, 90, false)).toBe(90);
  expect(lengthWith(100, 100, true)).toBe(101);
  expect(lengthWith(null, 50, true)).toBe(51);
});

test("rows that are left out move those after them up", () => {
  const list = [...Array(10).keys()];
  for (const removed of [[], [0], [9], [0, 1, 2], [2, 5, 6]]) {
    const shown = list.filter((each) => !removed.includes(each));
    expect(shown.map((_, index) => pastRemoved(index, removed))).toEqual(shown);
  }
});
