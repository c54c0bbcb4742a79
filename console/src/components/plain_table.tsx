import { Card, Table } from "@mantine/core";
import type { ReactNode } from "react";

/** A short table, all of it in the page. It scrolls sideways where there is no room. `columns` are its headings. */
export function PlainTable({
  label,
  columns,
  minWidth = 640,
  children,
}: {
  label: string;
  columns: readonly ReactNode[];
  minWidth?: number;
  children: ReactNode;
}) {
  return (
    <Card withBorder padding={0}>
      <Table.ScrollContainer minWidth={minWidth} type="native" tabIndex={0} role="region" aria-label={label}>
        <Table highlightOnHover verticalSpacing="xs" aria-label={label}>
          <Table.Thead>
            <Table.Tr>
              {columns.map((column, index) => (
                <Table.Th key={index} fz="xs" c="dimmed" fw={600}>
                  {column}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>{children}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}
