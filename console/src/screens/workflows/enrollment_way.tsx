import { Loader, Text, Timeline } from "@mantine/core";
import { useEffect, useRef } from "react";
import { graphql } from "react-relay";

import { Moment } from "../../components/moment";
import { wordOf } from "../../format/words";
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
          detail
        }
      }
    }
  }
`;

type Props = { enrollmentId: string; names: ReadonlyMap<string, string>; asOf?: string };

/** What one enrollment did, step by step, with its messages; read again when `asOf` changes. */
export function EnrollmentWay({ enrollmentId, names, asOf = "" }: Props) {
  const t = useTexts();
  const { data, again } = useRead<enrollmentWayQuery>(QUERY, { id: enrollmentId });
  const readAsOf = useRef(asOf);
  useEffect(() => {
    if (readAsOf.current === asOf) return;
    readAsOf.current = asOf;
    again();
  }, [asOf, again]);
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
          <StepDetail detail={step.detail} />
          <Moment at={step.at} exact size="xs" c="dimmed" />
        </Timeline.Item>
      ))}
    </Timeline>
  );
}

/** What became of a message; other steps say nothing more. */
function StepDetail({ detail }: { detail: unknown }) {
  const t = useTexts();
  const { status, reason } = (detail ?? {}) as { status?: unknown; reason?: unknown };
  const told = [
    typeof status === "string" ? wordOf(t.workflows.stepMessage, status) : null,
    typeof reason === "string" ? wordOf(t.broadcasts.exclusions, reason) : null,
  ].filter(Boolean);
  return told.length > 0 ? <Text size="sm">{told.join(": ")}</Text> : null;
}
