import { Button, Card, Group, Progress, Table, Text, Title } from "@mantine/core";

import { Cut } from "../../components/cut";

import { formatDuration } from "../../format/moments";
import { formatNumber, formatShare } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import type { RecipientStatus } from "../../__generated__/recipientListQuery.graphql";
import type { PageBroadcast } from "./broadcast_page";
import classes from "./figures.module.css";
import { figuresOf, paceOf, type Figures as AllFigures, type Sample } from "./pace";

type Kind = "sent" | "delivered" | "read" | "waiting" | "failed" | "skipped" | "unconfirmed";

const ROWS: readonly { kind: Kind; color: string; state: RecipientStatus; always?: boolean }[] = [
  { kind: "sent", color: "brand", state: "SENT", always: true },
  { kind: "delivered", color: "cyan", state: "DELIVERED", always: true },
  { kind: "read", color: "teal", state: "READ", always: true },
  { kind: "waiting", color: "gray", state: "PENDING" },
  { kind: "failed", color: "red", state: "FAILED", always: true },
  { kind: "skipped", color: "yellow", state: "SKIPPED" },
  { kind: "unconfirmed", color: "orange", state: "UNCONFIRMED" },
];

/** How far a broadcast is: its pace and the time left, and a table of bars with their numbers. */
export function Figures({
  broadcast,
  samples,
  onShow,
}: {
  broadcast: PageBroadcast;
  samples: readonly Sample[];
  onShow: (state: RecipientStatus) => void;
}) {
  const t = useTexts().broadcasts;
  const figures = figuresOf(broadcast.counts);
  return (
    <Card withBorder>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          {t.figures}
        </Title>
        <PaceText status={broadcast.status} figures={figures} samples={samples} />
      </Group>
      <Progress.Root size="lg" mb="md">
        <Progress.Section value={(figures.done / figures.total) * 100} color="brand" aria-label={t.progressLabel} />
      </Progress.Root>
      <Table layout="fixed" verticalSpacing={6} aria-label={t.figures}>
        <Table.Thead className={classes.head}>
          <Table.Tr>
            <Table.Th w={{ base: 130, sm: 190 }}>{t.figure}</Table.Th>
            <Table.Th className="numeric" w={90}>
              {t.figureCount}
            </Table.Th>
            <Table.Th className="numeric" w={70}>
              {t.figureShare}
            </Table.Th>
            <Table.Th visibleFrom="sm" aria-hidden />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ROWS.filter(({ kind, always }) => always || figures[kind] > 0).map(({ kind, color, state }) => (
            <Table.Tr key={kind}>
              <Table.Th scope="row" fw={500}>
                {t[kind]}
              </Table.Th>
              <Table.Td className="numeric">
                {figures[kind] > 0 ? (
                  <Button variant="subtle" size="compact-sm" onClick={() => onShow(state)} aria-label={t.showPeople(`${t[kind]}, ${formatNumber(figures[kind])}`)}>
                    {formatNumber(figures[kind])}
                  </Button>
                ) : (
                  <Text span size="sm" px={8}>
                    0
                  </Text>
                )}
              </Table.Td>
              <Table.Td className="numeric">{formatShare(figures[kind] / figures.total)}</Table.Td>
              <Table.Td visibleFrom="sm">
                <Group gap="sm" wrap="nowrap">
                  <Progress.Root flex={1} size="md" aria-hidden>
                    <Progress.Section value={(figures[kind] / figures.total) * 100} color={color} />
                  </Progress.Root>
                  <Cut size="xs" c="dimmed" w={220}>
                    {t.figureHints[kind]}
                  </Cut>
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}

/** The share that is done and, while it sends, the pace and the time that is left. */
function PaceText({ status, figures, samples }: { status: PageBroadcast["status"]; figures: AllFigures; samples: readonly Sample[] }) {
  const t = useTexts().broadcasts;
  const isSending = status === "SENDING";
  const pace = isSending ? paceOf(samples, figures.waiting) : null;
  const parts = [
    t.percentDone(formatShare(figures.total ? figures.done / figures.total : 0)),
    pace && t.pace(formatNumber(pace.perSecond, { maximumFractionDigits: pace.perSecond < 10 ? 1 : 0 })),
    pace && figures.waiting > 0 && t.timeLeft(formatDuration(pace.secondsLeft)),
    isSending && !pace && figures.waiting > 0 && t.measuring,
  ];
  return (
    <Text size="sm" c="dimmed" className="numeric">
      {parts.filter(Boolean).join(" · ")}
    </Text>
  );
}
