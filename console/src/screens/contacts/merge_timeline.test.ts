import { expect, test } from "vitest";

import { mergeTimeline, type Entry } from "./merge_timeline";

type Named = Entry & { name: string };

/** The same numbers in each run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % below;
  };
}

function listOf(random: (below: number) => number, prefix: string): Named[] {
  return Array.from({ length: random(40) }, (_, index) => ({ at: new Date(random(50) * 1000).toISOString(), name: `${prefix}${index}` })).toSorted(
    (a, b) => Date.parse(b.at) - Date.parse(a.at),
  );
}

test("read page by page, it always shows a beginning of the whole, and in the end all of it, once", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomFrom(seed);
    const lists = [listOf(random, "a"), listOf(random, "b")];
    const whole = mergeTimeline(lists.map((entries) => ({ entries, hasMore: false }))).entries.map(({ at }) => at);
    const read = [0, 0];
    const wrong: number[] = [];
    for (let turns = 0; ; turns++) {
      const sources = lists.map((list, index) => ({
        entries: list.slice(0, read[index] ?? 0),
        hasMore: turns === 0 || (read[index] ?? 0) < list.length,
      }));
      const { entries, next } = mergeTimeline(sources);
      if (entries.some(({ at }, index) => at !== whole[index]) || new Set(entries).size !== entries.length) wrong.push(turns);
      if (next.length === 0) {
        expect([entries.length, wrong]).toEqual([whole.length, []]);
        break;
      }
      for (const index of next) read[index] = (read[index] ?? 0) + 1 + random(7);
      if (turns > 200) throw new Error("it comes to no end");
    }
  }
});

test("nothing older than the end of a list that goes on is shown", () => {
  const at = (second: number) => ({ at: new Date(second * 1000).toISOString() });
  const merged = mergeTimeline([
    { entries: [at(9), at(5)], hasMore: true },
    { entries: [at(8), at(2)], hasMore: false },
  ]);
  expect(merged.entries).toEqual([at(9), at(8), at(5)]);
  expect(merged.next).toEqual([0]);
});
