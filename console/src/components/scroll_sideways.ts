import { useEffect, type RefObject } from "react";

/**
 * Scrolls a line sideways, and nothing else, until the element of `selector` in it is in view, again when `shown` changes; null: not at all.
 * `scrollIntoView` would also let the Tab key go on from that element, so that somebody without a mouse would not come to what stands before it.
 */
export function useScrollSideways(line: RefObject<HTMLElement | null>, selector: string, shown: string | null): void {
  useEffect(() => {
    if (!shown) return;
    // Before a frame the browser lays the page out anyway.
    const frame = requestAnimationFrame(() => scrollSideways(line.current, selector));
    return () => cancelAnimationFrame(frame);
  }, [line, selector, shown]);
}

function scrollSideways(line: HTMLElement | null, selector: string): void {
  const wanted = line?.querySelector(selector);
  if (!line || !wanted) return;
  const outer = line.getBoundingClientRect();
  const inner = wanted.getBoundingClientRect();
  if (inner.left < outer.left) line.scrollLeft += inner.left - outer.left;
  else if (inner.right > outer.right) line.scrollLeft += inner.right - outer.right;
}
