import type { ReactNode, Ref } from "react";

import { Later } from "./later";
import classes from "./table_frame.module.css";
import { contentPx, firstRows } from "./scroll_window";

/** `width` in pixels; columns without one share what is left of the table, and have at least as much as is usual. */
export type Column = { key: string; label: ReactNode; width?: number; numeric?: boolean };

const USUAL_PX = 225;
const SELECT_PX = 44;

export const ROW_PX = 44;

/** So many of the first rows are drawn before the others. */
const AT_ONCE = 6;

const HEIGHT = "calc(100dvh - 240px)";

/** What stands around the rows of a table of any length. No hooks, as in all of this file: a list's first rows are drawn before React is there. */
export function TableFrame({
  label,
  columns,
  height = HEIGHT,
  rowCount,
  isBusy,
  isRenewed = false,
  selectAll,
  scroller,
  below,
  children,
}: {
  label: string;
  columns: readonly Column[];
  height?: number | string;
  /** With the head; -1 where that is not known. */
  rowCount: number;
  isBusy: boolean;
  isRenewed?: boolean;
  /** What stands above the boxes that select rows, where there are some. */
  selectAll?: ReactNode;
  scroller?: Ref<HTMLDivElement>;
  /** What is said of the table, below its rows. */
  below?: ReactNode;
  /** Rows. */
  children: ReactNode;
}) {
  return (
    <div className={classes.frame} data-renewed={isRenewed || undefined}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must take the focus */}
      <div ref={scroller} className={classes.scroller} style={{ maxHeight: height }} role="region" aria-label={label} tabIndex={0}>
        <table aria-rowcount={rowCount} aria-busy={isBusy} className={classes.table} style={{ minWidth: leastPx(columns, selectAll !== undefined) }}>
          <thead>
            <tr aria-rowindex={1}>
              {selectAll !== undefined && (
                <th className={classes.head} style={{ width: SELECT_PX }}>
                  {selectAll}
                </th>
              )}
              {columns.map(({ key, width, numeric, label: words }) => (
                <th key={key} style={{ width }} className={numeric ? `${classes.head} numeric` : classes.head} data-whole="">
                  {words}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </div>
      {below}
    </div>
  );
}

/** All columns in their widths: what is wider than the page is scrolled sideways. */
function leastPx(columns: readonly Column[], selects: boolean): number {
  return columns.reduce((sum, { width = USUAL_PX }) => sum + width, selects ? SELECT_PX : 0);
}

/** One row. `select` is what selects it. */
export function TableRow({ index, id, select, children }: { index: number; id: string; select?: ReactNode; children: ReactNode }) {
  return (
    <tr aria-rowindex={index + 2} className={classes.row} data-id={id}>
      {select !== undefined && <td className={classes.cell}>{select}</td>}
      {children}
    </tr>
  );
}

/** A cell of a row; its text is cut when there is no room (shown_whole.ts). */
export function DataCell({ children, numeric = false }: { children: ReactNode; numeric?: boolean }) {
  return (
    <td className={numeric ? `${classes.cell} numeric` : classes.cell} data-whole="">
      {children}
    </td>
  );
}

/** Stands where a row will be, as high as one. */
export function AwaitedRow({ columns, selects }: { columns: readonly Column[]; selects: boolean }) {
  return (
    <tr aria-hidden className={classes.row}>
      {selects && <td>&nbsp;</td>}
      {columns.map(({ key, numeric }) => (
        <td key={key} className={numeric ? `${classes.cell} numeric` : classes.cell}>
          <span className={classes.awaited}>&nbsp;</span>
        </td>
      ))}
    </tr>
  );
}

function RowsFrom<Row>({ rows, first, draw }: { rows: readonly Row[]; first: number; draw: (row: Row, index: number) => ReactNode }) {
  return rows.slice(first).map((row, index) => draw(row, first + index));
}

/** Stands for rows that are not in the page. */
export function RowsAway({ px }: { px: number }) {
  return px > 0 && <tr aria-hidden style={{ height: px }} />;
}

/** The table as it is when its first answer is there, but for what selects its rows: of that the place is kept. */
export function FirstRows<Row extends { id: string }>({
  label,
  columns,
  rows,
  length = rows.length,
  hasMore = false,
  selects = false,
  cells,
  empty,
}: {
  label: string;
  columns: readonly Column[];
  rows: readonly Row[];
  /** How many rows the list has, as far as that is known. */
  length?: number;
  hasMore?: boolean;
  selects?: boolean;
  cells: (row: Row) => ReactNode;
  empty: ReactNode;
}) {
  if (length === 0) return empty;
  const shown = rows.slice(0, firstRows(length, ROW_PX));
  const select = selects ? <span className={classes.selectPlace} /> : undefined;
  const rowAt = (row: Row, index: number) => (
    <TableRow key={row.id} index={index} id={row.id} select={select}>
      {cells(row)}
    </TableRow>
  );
  return (
    <TableFrame label={label} columns={columns} rowCount={hasMore ? -1 : length + 1} isBusy={false} selectAll={select}>
      {shown.slice(0, AT_ONCE).map(rowAt)}
      {shown.length > AT_ONCE && (
        <Later until={<RowsAway px={(shown.length - AT_ONCE) * ROW_PX} />}>
          <RowsFrom rows={shown} first={AT_ONCE} draw={rowAt} />
        </Later>
      )}
      <RowsAway px={contentPx({ rows: length, rowPx: ROW_PX }) - shown.length * ROW_PX} />
    </TableFrame>
  );
}
