import { Group, Progress, Stack, Table, Text } from "@mantine/core";

import { formatNumber, formatShare } from "../../format/numbers";
import { useTexts } from "../../texts/texts";

type Level = { readonly name: string; readonly from: number; readonly contactCount: number };

const COLORS = ["blue.4", "cyan.5", "yellow.6", "orange.5", "red.6"];

/** The colour of a level by its place among the others: from cool to warm. */
export function levelColor(index: number, count: number): string {
  const place = count < 2 ? 0 : Math.round((index * (COLORS.length - 1)) / (count - 1));
  return COLORS[place] ?? "brand.5";
}

/**
 * Who has which level: one bar, and a table with the numbers. Contacts below the lowest level are those that are left of all; until it is
 * known how many that are, which may be none, they and the shares have their places.
 */
export function LevelBar({ levels, total }: { levels: readonly Level[]; total: number | null }) {
  const t = useTexts().scores;
  const counted = levels.reduce((sum, { contactCount }) => sum + contactCount, 0);
  const all = total === null ? null : Math.max(total, counted);
  const rest = all === null ? null : all - counted;
  const lowest = levels[0];
  const share = (count: number) => (all === null ? null : all ? count / all : 0);
  const percent = (count: number) => (share(count) ?? 0) * 100;
  return (
    <Stack gap={6}>
      <Progress.Root size="lg" aria-hidden>
        {rest !== null && rest > 0 && <Progress.Section value={percent(rest)} color="gray.3" />}
        {levels.map((level, index) => (
          <Progress.Section key={level.name} value={percent(level.contactCount)} color={levelColor(index, levels.length)} />
        ))}
      </Progress.Root>
      <Table verticalSpacing={4} horizontalSpacing={0} aria-label={t.levels} withRowBorders={false}>
        <Table.Tbody>
          {levels.toReversed().map((level, index) => (
            <Row
              key={level.name}
              color={levelColor(levels.length - 1 - index, levels.length)}
              name={level.name}
              hint={t.from(formatNumber(level.from))}
              count={level.contactCount}
              share={share(level.contactCount)}
            />
          ))}
          {lowest && <Row color="gray.3" name={t.below(lowest.name)} hint="" count={rest} share={share(rest ?? 0)} />}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

function Row({ color, name, hint, count, share }: { color: string; name: string; hint: string; count: number | null; share: number | null }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500}>
        <Group gap={8} wrap="nowrap">
          <span
            aria-hidden
            style={{ width: 10, height: 10, borderRadius: 3, flexShrink: 0, background: `var(--mantine-color-${color.replace(".", "-")})` }}
          />
          <Text span size="sm" fw={500}>
            {name}
          </Text>
          <Text span size="xs" c="dimmed">
            {hint}
          </Text>
        </Group>
      </Table.Th>
      <Table.Td className="numeric">{count === null ? "\u00a0" : formatNumber(count)}</Table.Td>
      <Table.Td className="numeric" w={70}>
        {share === null ? "\u00a0" : formatShare(share)}
      </Table.Td>
    </Table.Tr>
  );
}
