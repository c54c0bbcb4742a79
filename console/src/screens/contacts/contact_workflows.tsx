import { Card, Group, Stack, Text } from "@mantine/core";
import { useLazyLoadQuery } from "react-relay";
import { graphql } from "relay-runtime";

import { Empty } from "../../components/empty";
import { Moment } from "../../components/moment";
import { PathLink } from "../../components/path_link";
import { StatusBadge } from "../../components/status_badge";
import { useTexts } from "../../texts/texts";
import type { contactWorkflowsQuery, EnrollmentState } from "../../__generated__/contactWorkflowsQuery.graphql";

const QUERY = graphql`
  query contactWorkflowsQuery($id: ID!) {
    contact(id: $id) {
      id
      enrollments(first: 100) {
        totalCount
        nodes {
          id
          state
          test
          explanation
          error
          enteredAt
          endedAt
          wakesAt
          workflow {
            id
            name
          }
        }
      }
    }
  }
`;

const COLORS: Record<EnrollmentState, string> = { READY: "brand", WAITING: "brand", HELD: "yellow", FAILED: "red", ENDED: "gray" };

/** The contact's ways through workflows, the newest first, each with where it is and why. */
export function ContactWorkflows({ contactId, turn }: { contactId: string; turn: number }) {
  const t = useTexts().contacts.workflows;
  const { contact } = useLazyLoadQuery<contactWorkflowsQuery>(QUERY, { id: contactId }, { fetchPolicy: "store-and-network", fetchKey: turn });
  const enrollments = contact?.enrollments.nodes ?? [];
  if (enrollments.length === 0) return <Empty title={t.none}>{t.noneLead}</Empty>;
  return (
    <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
      {enrollments.map((each) => (
        <Card key={each.id} component="li" withBorder padding="sm">
          <Group justify="space-between" gap="xs" align="flex-start">
            <PathLink path={`/workflows/${each.workflow.id}`} fw={600} size="sm">
              {each.workflow.name}
            </PathLink>
            <Group gap={6}>
              {each.test && <StatusBadge color="grape">{t.test}</StatusBadge>}
              <StatusBadge color={COLORS[each.state]}>{t.states[each.state]}</StatusBadge>
            </Group>
          </Group>
          <Text size="sm">{each.explanation}</Text>
          {each.error && (
            <Text size="sm" c="red">
              {each.error}
            </Text>
          )}
          <Text size="xs" c="dimmed">
            {t.entered} <Moment at={each.enteredAt} inherit span />
            {each.endedAt && (
              <>
                {" "}
                · {t.ended} <Moment at={each.endedAt} inherit span />
              </>
            )}
            {!each.endedAt && each.wakesAt && (
              <>
                {" "}
                · {t.goesOn} <Moment at={each.wakesAt} inherit span />
              </>
            )}
          </Text>
        </Card>
      ))}
      {contact && contact.enrollments.totalCount > enrollments.length && (
        <Text component="li" size="sm" c="dimmed">
          {t.older(contact.enrollments.totalCount - enrollments.length)}
        </Text>
      )}
    </Stack>
  );
}
