import { Alert, Button, Text, VisuallyHidden } from "@mantine/core";
import { memo, useEffect, useEffectEvent, type ReactNode } from "react";

import { messageOf } from "./notify";
import { contentPx } from "./scroll_window";
import { AwaitedRow, ROW_PX, RowsAway, TableFrame, TableRow, type Column } from "./table_frame";
import { useScrollWindow } from "./use_scroll_window";
import { useSlow } from "./use_slow";
import type { Pages } from "../relay/pages";
import { useTexts } from "../texts/texts";
import classes from "./table_frame.module.css";

export type Selection = {
  isSelected: (id: string) => boolean;
  toggle: (id: string) => void;
  toggleAll: () => void;
  all: "none" | "some" | "all";
  labelOf: (id: string) => string;
};

/**
 * A table of any length: only the rows in view are in the page, and those that are not read yet are read when they come near.
 * `renderCells` gives the cells of one row as `<DataCell>`s; it is a component of its own that reads the row's fragment. As long as
 * it stays the same function, only rows that have changed are drawn anew.
 */
export function DataTable<Row extends { id: string }>({
  label,
  columns,
  pages,
  renderCells,
  empty,
  selection,
  onShown,
  height,
  expected = Infinity,
}: {
  label: string;
  columns: readonly Column[];
  pages: Pages<Row>;
  renderCells: (row: Row, index: number) => ReactNode;
  empty: ReactNode;
  selection?: Selection;
  /** Told which rows are in the page, each time when that changes. */
  onShown?: (ids: readonly string[]) => void;
  height?: number | string;
  /** How many rows there will be at most, where that is known before they are read. */
  expected?: number;
}) {
  const t = useTexts();
  const { length, at, want, hasMore, more, isFirst, isLoading, error, totalCount } = pages;
  const { ref, first, end, before } = useScrollWindow(length, ROW_PX, pages.list);
  const shown = Array.from({ length: Math.max(0, end - first) }, (_, index) => ({ index: first + index, row: at(first + index) }));
  useEffect(() => want(first, end), [want, first, end]);
  const isRenewed = useSlow(isLoading && !isFirst); // as by a search: the rows stay until the new ones are there

  const shownIds = shown.flatMap(({ row }) => row?.id ?? []).join(" ");
  const tell = useEffectEvent((ids: string) => onShown?.(ids ? ids.split(" ") : []));
  useEffect(() => tell(shownIds), [shownIds]);

  if (error && length === 0) {
    return (
      <Alert color="red" role="alert" title={t.errors.title}>
        {messageOf(error)}{" "}
        <Button size="compact-sm" variant="light" onClick={pages.again}>
          {t.common.tryAgain}
        </Button>
      </Alert>
    );
  }
  if (!isFirst && length === 0) return <>{empty}</>;
  // Before the first answer as many as can be seen, so that the table is as high as it will be; at the end of what is read one, where more comes.
  const awaited = isFirst ? Math.min(expected, Math.ceil(window.innerHeight / ROW_PX)) : isLoading && hasMore && length === shown.length ? 1 : 0;
  const isBusy = awaited > 0 || isRenewed || shown.some(({ row }) => !row);
  const after = contentPx({ rows: length, rowPx: ROW_PX }) - before - shown.length * ROW_PX;
  return (
    <TableFrame
      label={label}
      columns={columns}
      height={height}
      rowCount={hasMore ? (totalCount ?? -1) : length + 1}
      isBusy={isBusy}
      isRenewed={isRenewed}
      selectAll={selection && <SelectAll selection={selection} label={t.common.selectAll} />}
      scroller={ref}
      below={
        <>
          <VisuallyHidden role="status">{isBusy ? t.common.loading : ""}</VisuallyHidden>
          {error && (
            <Text size="sm" c="red" role="alert" p="xs">
              {messageOf(error)}{" "}
              <Button size="compact-sm" variant="subtle" onClick={more}>
                {t.common.tryAgain}
              </Button>
            </Text>
          )}
        </>
      }
    >
      <RowsAway px={before} />
      {shown.map(({ index, row }) =>
        row ? (
          <DataRow
            key={index}
            row={row}
            index={index}
            renderCells={renderCells as (row: { id: string }, index: number) => ReactNode}
            selectLabel={selection?.labelOf(row.id)}
            isSelected={selection?.isSelected(row.id) ?? false}
            toggle={selection?.toggle}
          />
        ) : (
          <AwaitedRow key={index} columns={columns} selects={selection !== undefined} />
        ),
      )}
      <RowsAway px={after} />
      {Array.from({ length: awaited }, (_, index) => (
        <AwaitedRow key={`awaited ${index}`} columns={columns} selects={selection !== undefined} />
      ))}
    </TableFrame>
  );
}

function SelectAll({ selection, label }: { selection: Selection; label: string }) {
  return (
    <input
      type="checkbox"
      className={classes.check}
      aria-label={label}
      checked={selection.all === "all"}
      ref={(box) => {
        if (box) box.indeterminate = selection.all === "some";
      }}
      onChange={selection.toggleAll}
    />
  );
}

/** One row, drawn anew only when something of it changes. */
const DataRow = memo(function DataRow({
  row,
  index,
  renderCells,
  selectLabel,
  isSelected,
  toggle,
}: {
  row: { id: string };
  index: number;
  renderCells: (row: { id: string }, index: number) => ReactNode;
  selectLabel: string | undefined;
  isSelected: boolean;
  toggle: ((id: string) => void) | undefined;
}) {
  return (
    <TableRow
      index={index}
      id={row.id}
      select={toggle && <input type="checkbox" className={classes.check} aria-label={selectLabel} checked={isSelected} onChange={() => toggle(row.id)} />}
    >
      {renderCells(row, index)}
    </TableRow>
  );
});
