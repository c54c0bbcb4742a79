import { Anchor, Card, CloseButton, Grid, Group, Stack, Table, Text, Title } from "@mantine/core";

import { Moment } from "../../../components/moment";
import { PlainTable } from "../../../components/plain_table";
import { StatusBadge } from "../../../components/status_badge";
import { useTexts } from "../../../texts/texts";
import { EnrollmentWay } from "../enrollment_way";
import { workflowRoute, type PageSearch } from "../routes";
import { ENROLLMENT_COLORS } from "../words";
import type { TestRun } from "./test_run";

type Tester = TestRun["enrollments"][number];

/** Where each contact of a test is, and what the one that is chosen did, with its messages. */
export function TestPeople({ run, names }: { run: TestRun; names: ReadonlyMap<string, string> }) {
  const t = useTexts();
  const { way } = workflowRoute.useSearch();
  const navigate = workflowRoute.useNavigate();
  const show = (id: string | undefined) => void navigate({ search: (before: PageSearch) => ({ ...before, way: id }), replace: true });
  const chosen = run.enrollments.find((each) => each.id === way);
  const nameOf = ({ contact }: Tester) => contact?.name || contact?.email || contact?.phone || t.workflows.people.deleted;
  const { people } = t.workflows;
  return (
    <Grid>
      <Grid.Col span={{ base: 12, md: chosen ? 8 : 12 }}>
        <PlainTable label={t.workflows.testing.people} columns={[people.contact, people.state, people.node, people.since, people.wakes]}>
          {run.enrollments.map((each) => (
            <Table.Tr key={each.id}>
              <Table.Td>
                <Anchor component="button" type="button" size="sm" fw={500} ta="left" aria-pressed={each === chosen} onClick={() => show(each.id)}>
                  {nameOf(each)}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <StatusBadge color={ENROLLMENT_COLORS[each.state]}>{t.workflows.state[each.state]}</StatusBadge>
              </Table.Td>
              <Table.Td>
                {each.end ? t.workflows.end[each.end] : (names.get(each.nodeKey ?? "") ?? each.nodeKey)}
                {each.error && (
                  <Text size="xs" c="dimmed">
                    {each.error}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                <Moment at={each.nodeSince} exact />
              </Table.Td>
              <Table.Td>
                <Moment at={each.wakesAt} exact />
              </Table.Td>
            </Table.Tr>
          ))}
        </PlainTable>
      </Grid.Col>
      {chosen && (
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Card withBorder component="section" aria-label={`${people.way}: ${nameOf(chosen)}`}>
            <Stack>
              <Group justify="space-between" wrap="nowrap">
                <Title order={2} size="h5">
                  {people.way}: {nameOf(chosen)}
                </Title>
                <CloseButton aria-label={t.common.close} onClick={() => show(undefined)} />
              </Group>
              <Text size="sm">{chosen.error ?? chosen.explanation}</Text>
              <EnrollmentWay enrollmentId={chosen.id} names={names} asOf={run.clock} />
            </Stack>
          </Card>
        </Grid.Col>
      )}
    </Grid>
  );
}
