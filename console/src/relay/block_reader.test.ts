import { expect, test } from "vitest";

import { BLOCK_ROWS, BlockReader, type AskForBlock, type ReadBlocks } from "./block_reader";

type Asked = { skip: number; after: string | null; answer: () => void; fail: () => void; stopped: boolean };

/** A list of numbers, whose cursors are the numbers, read by a reader that is answered by hand. */
function reading(rows: number) {
  const asked: Asked[] = [];
  const told: ReadBlocks<number>[] = [];
  const released: number[] = [];
  const ask: AskForBlock<number> = ({ after, skip }, { next, error }) => {
    const begin = (after === null ? 0 : Number(after) + 1) + skip;
    const page = Array.from({ length: Math.max(0, Math.min(BLOCK_ROWS, rows - begin)) }, (_, index) => begin + index);
    const one: Asked = {
      skip,
      after,
      stopped: false,
      answer: () => {
        asked.splice(asked.indexOf(one), 1);
        next(
          {
            rows: page,
            endCursor: page.length ? String(page.at(-1)) : null,
            hasNextPage: begin + page.length < rows,
          },
          () => released.push(begin),
        );
        if (begin === 0) reader.counted(rows);
      },
      fail: () => {
        asked.splice(asked.indexOf(one), 1);
        error(new Error("lost"));
      },
    };
    asked.push(one);
    return () => {
      one.stopped = true;
      asked.splice(asked.indexOf(one), 1);
    };
  };
  const reader = new BlockReader<number>(ask, (read) => told.push(read));
  const answerAll = () => {
    while (asked[0]) asked[0].answer();
  };
  const rowAt = (index: number) => told.at(-1)?.blocks.get(Math.floor(index / BLOCK_ROWS))?.rows[index % BLOCK_ROWS];
  return { reader, asked, told, released, answerAll, rowAt };
}

test("the end of a long list is read at once, and what lies between is not", () => {
  const { reader, asked, told, answerAll, rowAt } = reading(100_000);
  reader.begin();
  answerAll();
  expect(told.at(-1)?.total).toBe(100_000);
  reader.want(99_980, 100_000);
  expect(asked.map(({ skip }) => skip)).toEqual([99_950 - BLOCK_ROWS]);
  answerAll();
  expect(rowAt(99_999)).toBe(99_999);
  expect(told.at(-1)?.blocks.size).toBe(2);
});

test("every row that is looked at is the one of its place, wherever one looked before", () => {
  const { reader, answerAll, rowAt } = reading(1_234);
  reader.begin();
  answerAll();
  for (const first of [1_220, 0, 600, 580, 560, 1_000, 49, 51, 1_233]) {
    reader.want(first, Math.min(1_234, first + 20));
    answerAll();
    for (let index = first; index < Math.min(1_234, first + 20); index++) expect(rowAt(index)).toBe(index);
  }
});

test("places that were only passed are no longer waited for", () => {
  const { reader, asked, answerAll } = reading(10_000);
  reader.begin();
  answerAll();
  reader.want(4_000, 4_020);
  const [passed] = asked;
  reader.want(9_000, 9_020);
  expect(passed?.stopped).toBe(true);
  expect(asked).toHaveLength(1);
});

test("a list that is read again keeps what is looked at until it is there anew, and lets the rest go", () => {
  const { reader, asked, told, released, answerAll, rowAt } = reading(1_000);
  reader.begin();
  answerAll();
  for (const first of [100, 500]) {
    reader.want(first, first + 20);
    answerAll();
  }
  reader.begin();
  expect(rowAt(505)).toBe(505);
  asked[0]?.answer();
  expect(rowAt(505)).toBe(505);
  expect(rowAt(105)).toBeUndefined();
  answerAll();
  expect(rowAt(505)).toBe(505);
  expect(told.at(-1)?.isLoading).toBe(false);
  reader.close();
  expect(released.toSorted((one, other) => one - other)).toEqual([0, 0, 100, 500, 500]);
});

test("after an error nothing is asked until one tries again", () => {
  const { reader, asked, told, answerAll, rowAt } = reading(200);
  reader.begin();
  asked[0]?.fail();
  expect(told.at(-1)?.error?.message).toBe("lost");
  reader.want(0, 20);
  expect(asked).toHaveLength(0);
  reader.retry();
  answerAll();
  expect(told.at(-1)?.error).toBeNull();
  expect(rowAt(0)).toBe(0);
});

test("a count that comes before the first rows is told with them", () => {
  const { reader, told, answerAll } = reading(120);
  reader.begin();
  reader.counted(120);
  expect(told).toEqual([]);
  answerAll();
  expect(told.at(-1)?.total).toBe(120);
  expect(told.at(-1)?.isCounted).toBe(true);
});
