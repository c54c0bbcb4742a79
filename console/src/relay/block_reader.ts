import { blockSource, lengthWith, type Block, type BlockSource } from "./blocks";
import type { Page } from "./pages";

export const BLOCK_ROWS = 50;
const MOST_AT_ONCE = 2;

/** What is read of a list. `total`: how many rows it has, as far as that is known; `isCounted`: it is known. */
export type ReadBlocks<Row> = {
  blocks: ReadonlyMap<number, Block<Row>>;
  total: number | null;
  isCounted: boolean;
  isLoading: boolean;
  error: Error | null;
};

type Answer<Row> = { next: (page: Page<Row>, release: () => void) => void; error: (error: Error) => void };

/** Asks for one block, and returns how to stop. The answer may be told before it returns; `release` is called when its rows are dropped. */
export type AskForBlock<Row> = (source: BlockSource, answer: Answer<Row>) => () => void;

/**
 * Reads a list in blocks where it is looked at, the first one first. A list that is read again keeps the rows that are looked at until
 * their new ones come.
 */
export class BlockReader<Row> {
  private blocks: ReadonlyMap<number, Block<Row>> = new Map();
  private total: number | null = null;
  private isCounted = false;
  private error: Error | null = null;
  /** What was read since the list was last begun. */
  private fresh = new Map<number, Block<Row>>();
  private wanted: [number, number] = [0, 1];
  private readonly running = new Map<number, () => void>();
  private readonly held = new Map<number, () => void>();

  constructor(
    private readonly ask: AskForBlock<Row>,
    private readonly tell: (read: ReadBlocks<Row>) => void,
  ) {}

  /** Begins the list, with its first block where that is there already. */
  begin(given?: { page: Page<Row>; release: () => void }): void {
    this.stop();
    this.fresh = new Map();
    this.error = null;
    if (given) this.keep(0, given.page, given.release);
    else this.read(0);
  }

  /** Told how many rows the list has, which is asked apart: to count takes longer than to read what is looked at. */
  counted(total: number): void {
    this.total = total;
    this.isCounted = true;
    if (!this.fresh.has(0)) return; // it is told with the first rows
    this.readWanted();
    this.report();
  }

  /** Stops what is being read. */
  stop(): void {
    for (const stop of this.running.values()) stop();
    this.running.clear();
  }

  /** Lets all rows go. */
  close(): void {
    this.stop();
    for (const release of this.held.values()) release();
    this.held.clear();
  }

  /** Told which rows are looked at: what is missing of them is read, and other places are no longer waited for. */
  want(first: number, end: number): void {
    this.wanted = [Math.floor(first / BLOCK_ROWS), Math.ceil(end / BLOCK_ROWS)];
    if (!this.error) this.readWanted();
  }

  /** Goes on after an error. */
  retry(): void {
    this.error = null;
    this.readWanted();
    this.report();
  }

  private readWanted(): void {
    if (!this.fresh.has(0)) {
      if (!this.running.has(0)) this.read(0);
      return;
    }
    const [from, end] = [this.wanted[0], Math.min(this.wanted[1], Math.ceil((this.total ?? 0) / BLOCK_ROWS))];
    for (const [block, stop] of this.running) {
      if (block < from || block >= end) {
        stop();
        this.running.delete(block);
      }
    }
    for (let block = from; block < end && this.running.size < MOST_AT_ONCE; block++) {
      if (!this.fresh.has(block) && !this.running.has(block)) this.read(block);
    }
  }

  private read(block: number): void {
    let isOpen = true;
    this.running.set(block, () => {
      isOpen = false;
    });
    const stop = this.ask(blockSource(this.fresh, block, BLOCK_ROWS), {
      next: (page, release) => {
        if (!isOpen) return release();
        this.running.delete(block);
        this.keep(block, page, release);
        this.readWanted();
        this.report();
      },
      error: (error) => {
        if (!isOpen) return;
        this.running.delete(block);
        this.error = error;
        this.report();
      },
    });
    if (!this.running.has(block)) return;
    this.running.set(block, () => {
      isOpen = false;
      stop();
    });
  }

  private keep(number: number, page: Page<Row>, release: () => void): void {
    if (this.fresh.size === 0) this.dropUnwanted();
    const block = { rows: page.rows, endCursor: page.endCursor ?? null };
    this.fresh.set(number, block);
    this.held.get(number)?.();
    this.held.set(number, release);
    this.blocks = new Map([...this.blocks, [number, block]]);
    this.total = lengthWith(this.total, number * BLOCK_ROWS + page.rows.length, page.hasNextPage);
    this.isCounted ||= !page.hasNextPage;
  }

  /** What is not looked at may have changed: it is read again when it is. */
  private dropUnwanted(): void {
    const [from, end] = this.wanted;
    this.blocks = new Map([...this.blocks].filter(([each]) => each >= from && each < end));
    for (const [each, release] of this.held) {
      if (this.blocks.has(each)) continue;
      release();
      this.held.delete(each);
    }
  }

  private report(): void {
    this.tell({ blocks: this.blocks, total: this.total, isCounted: this.isCounted, isLoading: this.running.size > 0, error: this.error });
  }
}
