import { startTransition, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

import { firstViewPx, inRows, rowsInView, rowTop, scrolledTo, STEP_ROWS, type ScrollState } from "./scroll_window";

const ROWS_AROUND = 10;
/** Those around are drawn when the screen has come to rest, in two steps. */
const AROUND_AFTER_MS = [400, 600];

const AT_TOP: ScrollState = { top: 0, offset: 0 };

export type ScrollWindow = {
  /** Of the element that scrolls. */
  ref: (element: HTMLElement | null) => (() => void) | undefined;
  /** The first row that is to be in the page, and the one after the last. */
  first: number;
  end: number;
  /** How far below the beginning of the content the first row is. */
  before: number;
};

/**
 * Which of `rows` rows of one height are in the view of an element that scrolls: at first only those that may be seen, then also some
 * around them. `list` names the list: another one begins at its top.
 */
export function useScrollWindow(rows: number, rowPx: number, list: string): ScrollWindow {
  const [state, setState] = useState(AT_TOP);
  const [seenPx, setSeenPx] = useState(() => firstViewPx(rowPx));
  const [around, setAround] = useState(0);
  const now = useRef({ state, rows, viewPx: seenPx, element: null as HTMLElement | null });
  useLayoutEffect(() => {
    now.current.rows = rows;
  });
  const ref = useCallback(
    (element: HTMLElement | null) => {
      if (!element) return;
      now.current.element = element;
      const read = () => {
        const before = now.current.state;
        const next = scrolledTo(before, element.scrollTop, { ...now.current, rowPx });
        now.current.state = next;
        const step = (at: ScrollState) => Math.floor((at.top + at.offset) / rowPx / STEP_ROWS);
        if (step(before) !== step(next) || before.offset !== next.offset) setState(next);
        setAround(ROWS_AROUND); // does nothing where it is so
      };
      const watcher = new ResizeObserver(() => {
        now.current.viewPx = Math.max(element.clientHeight, rowPx);
        const px = inRows(now.current.viewPx, rowPx);
        startTransition(() => setSeenPx((most) => Math.max(most, px)));
      });
      watcher.observe(element);
      element.addEventListener("scroll", read, { passive: true });
      const timers = AROUND_AFTER_MS.map((ms, step) =>
        setTimeout(() => startTransition(() => setAround((most) => Math.max(most, (ROWS_AROUND * (step + 1)) / AROUND_AFTER_MS.length))), ms),
      );
      return () => {
        watcher.disconnect();
        element.removeEventListener("scroll", read);
        timers.forEach(clearTimeout);
        now.current.element = null;
      };
    },
    [rowPx],
  );
  const shown = useRef(list);
  useEffect(() => {
    if (shown.current === list) return;
    shown.current = list;
    if (now.current.element) now.current.element.scrollTop = 0;
    now.current.state = AT_TOP;
    setState(AT_TOP);
  }, [list]);

  const [first, end] = rowsInView(state, { rows, rowPx, viewPx: seenPx }, around);
  // Between two of its moves the window is up to a step late; before the first one it is not.
  return { ref, first, end: Math.min(rows, around > 0 ? end + STEP_ROWS : end), before: rowTop(first, state, rowPx) };
}
