/**
 * Scrolls a line sideways, and nothing else, until one of its elements is in view. `scrollIntoView` would also let the Tab key go on from
 * that element, so that somebody without a mouse would not come to what stands before it.
 */
export function scrollSideways(line: HTMLElement | null, selector: string): void {
  const wanted = line?.querySelector(selector);
  if (!line || !wanted) return;
  const outer = line.getBoundingClientRect();
  const inner = wanted.getBoundingClientRect();
  if (inner.left < outer.left) line.scrollLeft += inner.left - outer.left;
  else if (inner.right > outer.right) line.scrollLeft += inner.right - outer.right;
}
