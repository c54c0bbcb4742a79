import { Alert, Card, List, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { graphql } from "react-relay";

import { ContactSelect } from "../../components/contact_select";
import { messageOf } from "../../components/notify";
import { useMoments } from "../../format/use_moments";
import { useRead } from "../../relay/read";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { explainCardQuery } from "../../__generated__/explainCardQuery.graphql";
import { EnrollmentWay } from "./enrollment_way";

const QUERY = graphql`
  query explainCardQuery($workflowId: ID!, $contactId: ID!) {
    workflowExplain(workflowId: $workflowId, contactId: $contactId) {
      mayEnter
      reasons
      turnedAwayAt
      enrollment {
        id
        state
        explanation
      }
    }
  }
`;

/** Looks one contact up: whether it is inside and why, what would move it on, or what keeps it out. */
export function ExplainCard({ workflowId, names }: { workflowId: string; names: ReadonlyMap<string, string> }) {
  const t = useTexts().workflows.people;
  const { relative } = useMoments();
  const mayRead = useMay("CONTACT_READ");
  const [contact, setContact] = useState<string | null>(null);
  const { data, error } = useRead<explainCardQuery>(QUERY, contact ? { workflowId, contactId: contact } : null);
  const found = data?.workflowExplain;
  if (!mayRead) return null;
  return (
    <Card withBorder>
      <Stack gap="xs">
        <Title order={2} size="h5">
          {t.explain}
        </Title>
        <Text size="sm" c="dimmed">
          {t.explainLead}
        </Text>
        <ContactSelect label={t.contact} placeholder={t.choose} value={contact} onChange={(chosen) => setContact(chosen?.id ?? null)} />
        {error && (
          <Alert color="red" role="alert">
            {messageOf(error)}
          </Alert>
        )}
        {found && (
          <Stack gap="xs" role="status">
            {found.enrollment ? <Text size="sm">{found.enrollment.explanation}</Text> : <Text size="sm">{t.neverEntered}</Text>}
            <Text size="sm" fw={600}>
              {found.mayEnter ? t.mayEnter : t.mayNotEnter}
            </Text>
            <List size="sm">
              {found.reasons.map((reason) => (
                <List.Item key={reason}>{reason}</List.Item>
              ))}
            </List>
            {found.turnedAwayAt && <Text size="sm">{t.turnedAway(relative(found.turnedAwayAt))}</Text>}
            {found.enrollment && <EnrollmentWay enrollmentId={found.enrollment.id} names={names} />}
          </Stack>
        )}
      </Stack>
    </Card>
  );
}
