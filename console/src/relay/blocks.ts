/** Some rows of a list that follow one another. */
export type Block<Row> = { rows: readonly Row[]; endCursor: string | null };

/** Blocks by their numbers, in the order of the list. */
export function blocksOf<Row>(blocks: ReadonlyMap<number, Block<Row>>): [number, Block<Row>][] {
  return [...blocks].toSorted(([one], [other]) => one - other);
}

export type BlockSource = { after: string | null; skip: number };

/** From where a block is read: after the nearest one before it that is read, past those between them. */
export function blockSource<Row>(
  blocks: ReadonlyMap<number, Block<Row>>,
  number: number,
  blockRows: number,
): BlockSource {
  let nearest = -1;
  for (const [each, { endCursor, rows }] of blocks) {
    if (each < number && each > nearest && endCursor !== null && rows.length === blockRows) nearest = each;
  }
  return { after: blocks.get(nearest)?.endCursor ?? null, skip: (number - nearest - 1) * blockRows };
}

/** How long the list is, after a block that ends with row number `end` said whether more follow. */
export function lengthWith(total: number | null, end: number, hasMore: boolean): number {
  if (!hasMore) return end;
  return Math.max(total ?? 0, end + 1);
}

/** The place in the list as it was read of the row that is shown at an index. `removed`: places that are left out, in their order. */
export function pastRemoved(index: number, removed: readonly number[]): number {
  let place = index;
  for (const each of removed) {
    if (each > place) break;
    place++;
  }
  return place;
}
