/** Something on a timeline: `at` is when it was. */
export type Entry = { at: string };

/** One of the lists that a timeline is made of, the newest entry first, as far as it was read. */
export type Source<E extends Entry> = { entries: readonly E[]; hasMore: boolean };

export type Merged<E extends Entry> = {
  /** The entries that are certain, the newest first: nothing that was not read yet belongs between them. */
  entries: readonly E[];
  /** Which lists have to be read further before more can be shown; none when all is shown. */
  next: readonly number[];
};

/**
 * Makes one timeline of several lists. It goes down to the latest end among the lists that have more: what is older than that may
 * still lie behind entries that were not read. Entries of one instant keep the order of the lists.
 */
export function mergeTimeline<E extends Entry>(sources: readonly Source<E>[]): Merged<E> {
  const ends = sources.map(({ entries, hasMore }) => (hasMore ? instant(entries.at(-1)) : Number.NEGATIVE_INFINITY));
  const horizon = Math.max(...ends, Number.NEGATIVE_INFINITY);
  const entries = sources
    .flatMap((source) => source.entries)
    .map((entry, index) => ({ entry, index }))
    .filter(({ entry }) => instant(entry) >= horizon)
    .toSorted((a, b) => instant(b.entry) - instant(a.entry) || a.index - b.index)
    .map(({ entry }) => entry);
  const next = ends.flatMap((end, index) => (end === horizon && sources[index]?.hasMore ? [index] : []));
  return { entries, next };
}

/** The moment of an entry; a list of which nothing was read ends now. */
function instant(entry: Entry | undefined): number {
  return entry ? Date.parse(entry.at) : Number.POSITIVE_INFINITY;
}
