import { Loader, Text, Timeline } from "@mantine/core";
import { graphql } from "react-relay";

import { Moment } from "../../components/moment";
import { useRead } from "../../relay/read";
import { useTexts } from "../../texts/texts";
import type { enrollmentWayQuery } from "../../__generated__/enrollmentWayQuery.graphql";

const QUERY = graphql`
  query enrollmentWayQuery($id: ID!) {
    enrollment(id: $id) {
      enteredAt
      steps(first: 100) {
        nodes {
          cursor
          at
          nodeKey
          outcome
        }
      }
    }
  }
`;

/** What one enrollment did, step by step. */
export function EnrollmentWay({ enrollmentId, names }: { enrollmentId: string; names: ReadonlyMap<string, string> }) {
  const t = useTexts();
  const { data } = useRead<enrollmentWayQuery>(QUERY, { id: enrollmentId });
  if (!data) return <Loader size="sm" aria-label={t.common.loading} />;
  const steps = data.enrollment?.steps.nodes ?? [];
  return (
    <Timeline bulletSize={14} lineWidth={2} active={steps.length}>
      <Timeline.Item title={t.workflows.people.entered}>
        <Moment at={data.enrollment?.enteredAt} exact size="xs" c="dimmed" />
      </Timeline.Item>
      {steps.map((step) => (
        <Timeline.Item key={step.cursor} title={names.get(step.nodeKey) ?? step.nodeKey}>
          <Text size="sm">{t.workflows.outcome[step.outcome] ?? step.outcome}</Text>
          <Moment at={step.at} exact size="xs" c="dimmed" />
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
