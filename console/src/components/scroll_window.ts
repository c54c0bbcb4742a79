/** Browsers draw nothing that is much higher than this. */
export const MOST_PX = 12_000_000;

/** How a list of rows of one height lies in an element that scrolls. `offset`: so many pixels of the list are left out above. */
export type ScrollState = { top: number; offset: number };

export type ScrollSize = { rows: number; rowPx: number; viewPx: number };

/** The window moves by so many rows at once, so that not each pixel draws anew. */
export const STEP_ROWS = 4;

/** What stands above and below most lists, so that it is known before the first one is drawn how much of it is seen. */
const AROUND_PX = 240;

/** How high the scrolled content is: that of all rows, where a browser can draw it. */
export function contentPx({ rows, rowPx }: Omit<ScrollSize, "viewPx">): number {
  return Math.min(rows * rowPx, MOST_PX);
}

/**
 * Where the list lies after the element was scrolled to `top`. A list that is too high for a browser moves row by row on small
 * steps; a far one, as by the scroll bar, goes to the same share of the list, so that the bar's end is the list's end.
 */
export function scrolledTo(before: ScrollState, top: number, size: ScrollSize): ScrollState {
  const wholePx = size.rows * size.rowPx;
  const shownPx = contentPx(size);
  if (wholePx <= shownPx) return { top, offset: 0 };
  const mostTop = shownPx - size.viewPx;
  const isStep = Math.abs(top - before.top) < size.viewPx && top > 0 && top < mostTop;
  const share = mostTop > 0 ? Math.min(1, Math.max(0, top / mostTop)) : 0;
  const offset = isStep ? before.offset : share * (wholePx - shownPx);
  return { top, offset: Math.min(Math.max(0, offset), wholePx - shownPx) };
}

/** The first row in view and the one after the last, with so many more around them. */
export function rowsInView({ top, offset }: ScrollState, { rows, rowPx, viewPx }: ScrollSize, around: number): [number, number] {
  const first = Math.floor((top + offset) / rowPx);
  const end = Math.ceil((top + offset + viewPx) / rowPx);
  return [Math.max(0, Math.min(first, rows - 1) - around), Math.max(0, Math.min(rows, end + around))];
}

/** How far below the beginning of the content a row is drawn. */
export function rowTop(row: number, { offset }: ScrollState, rowPx: number): number {
  return Math.max(0, row * rowPx - offset);
}

/** How much of a list may be seen before it was drawn, in whole rows. */
export function firstViewPx(rowPx: number): number {
  return inRows(window.innerHeight - AROUND_PX, rowPx);
}

/** How many rows of a list are in the page at first. */
export function firstRows(rows: number, rowPx: number): number {
  return Math.min(rows, firstViewPx(rowPx) / rowPx);
}

export function inRows(px: number, rowPx: number): number {
  return Math.max(1, Math.ceil(px / rowPx)) * rowPx;
}
