import { Alert, Button, Checkbox, Loader, Table, Text } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useRef, type ReactNode } from "react";

import { messageOf } from "./notify";
import type { Pages } from "../relay/pages";
import { useTexts } from "../texts/texts";
import classes from "./data_table.module.css";

export type Column = { key: string; label: ReactNode; width?: number | string; numeric?: boolean };

export type Selection = {
  isSelected: (id: string) => boolean;
  toggle: (id: string) => void;
  toggleAll: () => void;
  all: "none" | "some" | "all";
  labelOf: (id: string) => string;
};

const ROW_PX = 44;
const ROWS_AHEAD = 60;

/**
 * A table of any length: only the rows in view are in the page, and the next page is fetched before the end is in view.
 * `renderCells` gives the cells of one row as `<DataCell>`s; it is a component of its own that reads the row's fragment.
 */
export function DataTable<Row extends { id: string }>({
  label,
  columns,
  pages,
  renderCells,
  empty,
  selection,
  onShown,
  height = "calc(100dvh - 240px)",
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
}) {
  const t = useTexts();
  const scroller = useRef<HTMLDivElement>(null);
  const { rows, hasMore, more, isFirst, isLoading, error, totalCount } = pages;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isLoading && !error && last >= rows.length - ROWS_AHEAD) more();
  }, [hasMore, isLoading, error, last, rows.length, more]);

  const shownIds = shown.flatMap(({ index }) => rows[index]?.id ?? []).join(" ");
  const tell = useEffectEvent((ids: string) => onShown?.(ids ? ids.split(" ") : []));
  useEffect(() => tell(shownIds), [shownIds]);

  if (error && rows.length === 0) {
    return (
      <Alert color="red" role="alert" title={t.errors.title}>
        {messageOf(error)}{" "}
        <Button size="compact-sm" variant="light" onClick={pages.again}>
          {t.common.tryAgain}
        </Button>
      </Alert>
    );
  }
  if (!isFirst && rows.length === 0) return <>{empty}</>;
  const span = columns.length + (selection ? 1 : 0);
  const before = shown[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (shown.at(-1)?.end ?? 0);
  return (
    <div className={classes.frame}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must take the focus */}
      <div ref={scroller} className={classes.scroller} style={{ maxHeight: height }} role="region" aria-label={label} tabIndex={0}>
        <Table highlightOnHover stickyHeader aria-rowcount={hasMore ? (totalCount ?? -1) : rows.length + 1} className={classes.table}>
          <Table.Thead>
            <Table.Tr aria-rowindex={1}>
              {selection && (
                <Table.Th w={44} className={classes.head}>
                  <Checkbox
                    aria-label={t.common.selectAll}
                    checked={selection.all === "all"}
                    indeterminate={selection.all === "some"}
                    onChange={selection.toggleAll}
                  />
                </Table.Th>
              )}
              {columns.map((column) => (
                <Table.Th key={column.key} w={column.width} className={column.numeric ? `${classes.head} numeric` : classes.head}>
                  {column.label}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {before > 0 && <tr aria-hidden style={{ height: before }} />}
            {shown.map(({ index, key }) => {
              const row = rows[index];
              if (!row) return null;
              return (
                <Table.Tr key={String(key)} aria-rowindex={index + 2} className={classes.row} data-id={row.id}>
                  {selection && (
                    <Table.Td>
                      <Checkbox
                        aria-label={selection.labelOf(row.id)}
                        checked={selection.isSelected(row.id)}
                        onChange={() => selection.toggle(row.id)}
                      />
                    </Table.Td>
                  )}
                  {renderCells(row, index)}
                </Table.Tr>
              );
            })}
            {after > 0 && <tr aria-hidden style={{ height: after }} />}
            {(isLoading || isFirst) && (
              <tr>
                <td colSpan={span} className={classes.loading}>
                  <Loader size="sm" aria-label={t.common.loading} />
                </td>
              </tr>
            )}
          </Table.Tbody>
        </Table>
      </div>
      {error && (
        <Text size="sm" c="red" role="alert" p="xs">
          {messageOf(error)}{" "}
          <Button size="compact-sm" variant="subtle" onClick={more}>
            {t.common.tryAgain}
          </Button>
        </Text>
      )}
    </div>
  );
}

/** A cell of a row of a DataTable; its text is cut when there is no room. */
export function DataCell({ children, numeric = false }: { children: ReactNode; numeric?: boolean }) {
  return <Table.Td className={numeric ? `${classes.cell} numeric` : classes.cell}>{children}</Table.Td>;
}
