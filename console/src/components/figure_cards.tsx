import { Card, SimpleGrid, Text, type SimpleGridProps } from "@mantine/core";

import { formatNumber } from "../format/numbers";

export type Figure = { label: string; lead: string; count: number };

/** Numbers in a row, each with what it counts; zeros stand back. */
export function FigureCards({ figures, cols }: { figures: readonly Figure[]; cols: SimpleGridProps["cols"] }) {
  return (
    <SimpleGrid cols={cols} spacing="sm">
      {figures.map(({ label, lead, count }) => (
        <Card key={label} withBorder padding="sm" data-count={count}>
          <Text size="xs" c="dimmed" fw={600}>
            {label}
          </Text>
          <Text fz={26} fw={650} lh={1.25} c={count === 0 ? "dimmed" : undefined}>
            {formatNumber(count)}
          </Text>
          <Text size="xs" c="dimmed">
            {lead}
          </Text>
        </Card>
      ))}
    </SimpleGrid>
  );
}
