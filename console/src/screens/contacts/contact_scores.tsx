import { Badge, Card, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useLazyLoadQuery } from "react-relay";
import { graphql } from "relay-runtime";

import { Empty } from "../../components/empty";
import { Moment } from "../../components/moment";
import { PathLink } from "../../components/path_link";
import { formatDifference, formatNumber } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import type { contactScoresQuery, contactScoresQuery$data } from "../../__generated__/contactScoresQuery.graphql";

const QUERY = graphql`
  query contactScoresQuery($id: ID!) {
    contact(id: $id) {
      id
      scores {
        value
        level
        nextChangeAt
        model {
          id
          name
        }
        parts {
          group
          label
          points
          actual
        }
      }
    }
  }
`;

type Score = NonNullable<contactScoresQuery$data["contact"]>["scores"][number];

/** The contact's scores, each with the parts that earn it. */
export function ContactScores({ contactId, turn }: { contactId: string; turn: number }) {
  const t = useTexts().contacts.scores;
  const { contact } = useLazyLoadQuery<contactScoresQuery>(QUERY, { id: contactId }, { fetchPolicy: "store-and-network", fetchKey: turn });
  const scores = contact?.scores ?? [];
  if (scores.length === 0) return <Empty title={t.none}>{t.noneLead}</Empty>;
  return (
    <Stack gap="md">
      {scores.map((score) => (
        <ScoreCard key={score.model.id} score={score} />
      ))}
    </Stack>
  );
}

function ScoreCard({ score }: { score: Score }) {
  const texts = useTexts();
  const t = texts.contacts.scores;
  return (
    <Card withBorder padding="sm">
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={2} size="h5">
            <PathLink path={`/scores/${score.model.id}`} inherit>
              {score.model.name}
            </PathLink>
          </Title>
          {score.nextChangeAt && (
            <Text size="xs" c="dimmed">
              {t.nextChange} <Moment at={score.nextChangeAt} inherit span />
            </Text>
          )}
        </div>
        <Group gap="xs">
          {score.level && (
            <Badge variant="light" radius="sm" tt="none">
              {score.level}
            </Badge>
          )}
          <Text fw={650} size="xl">
            {formatNumber(score.value, { maximumFractionDigits: 2 })}
          </Text>
        </Group>
      </Group>
      {score.parts.length > 0 && (
        <Table mt="xs" verticalSpacing={4} withRowBorders={false}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t.part}</Table.Th>
              <Table.Th scope="col">{t.because}</Table.Th>
              <Table.Th scope="col" ta="right">
                {t.points}
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {score.parts.map((part) => (
              <Table.Tr key={`${part.group} ${part.label}`} c={part.points === 0 ? "dimmed" : undefined}>
                <Table.Td>
                  {part.label}{" "}
                  <Text span size="xs" c="dimmed">
                    {part.group}
                  </Text>
                </Table.Td>
                <Table.Td>{because(part.actual, t, texts.common)}</Table.Td>
                <Table.Td className="numeric">{formatDifference(part.points)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Card>
  );
}

function because(actual: unknown, t: ReturnType<typeof useTexts>["contacts"]["scores"], common: { yes: string; no: string }): string {
  if (typeof actual === "boolean") return actual ? common.yes : common.no;
  if (typeof actual === "number") return t.times(actual);
  return actual === null || actual === undefined ? "–" : String(actual);
}
