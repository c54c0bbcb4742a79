import { Button, Code, Group, Loader, Modal, Stack, Text } from "@mantine/core";
import { graphql, useRelayEnvironment } from "react-relay";
import { useEffect, useState } from "react";

import { Moment } from "../../components/moment";
import { useRead } from "../../relay/read";
import { isComplete, type RuleInput } from "../../rules/rule";
import { writeText } from "../../rules/rule_text";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { conflictQuery, conflictQuery$data } from "../../__generated__/conflictQuery.graphql";
import type { SegmentValues } from "./segment_form";

export type Theirs = NonNullable<conflictQuery$data["segment"]>;

const QUERY = graphql`
  query conflictQuery($id: ID!, $mayAudit: Boolean!) {
    segment(id: $id) {
      id
      name
      description
      kind
      rule
      ruleQuery
      version
      updatedAt
      ruleVersions(first: 1) {
        nodes {
          at
          by {
            name
          }
        }
      }
    }
    auditLog(first: 1, subjectId: $id) @include(if: $mayAudit) {
      nodes {
        actor {
          ... on Member {
            name
          }
          ... on ApiToken {
            name
          }
        }
      }
    }
  }
`;

/** Says that somebody else saved the segment meanwhile: who, what it is now, and what is to be kept. */
export function Conflict({
  segmentId,
  mine,
  onTake,
  onOverwrite,
  onClose,
}: {
  segmentId: string;
  mine: SegmentValues;
  onTake: (theirs: Theirs) => void;
  onOverwrite: (theirs: Theirs) => void;
  onClose: () => void;
}) {
  const t = useTexts();
  const mayAudit = useMay("AUDIT_READ");
  const { data } = useRead<conflictQuery>(QUERY, { id: segmentId, mayAudit });
  const theirs = data?.segment;
  const version = theirs?.ruleVersions.nodes[0];
  const isByRule = version !== undefined && theirs !== undefined && theirs !== null && version.at >= theirs.updatedAt;
  const by = data?.auditLog?.nodes[0]?.actor?.name ?? (isByRule ? version.by?.name : undefined);
  const mineText = useText(mine.kind === "STATIC" ? null : mine.rule);
  return (
    <Modal opened onClose={onClose} title={t.segments.conflictTitle} size="lg">
      {theirs ? (
        <Stack>
          <Text size="sm" component="div" role="alert">
            {by ? t.segments.conflictBy(by) : t.segments.conflictBySomebody} <Moment at={theirs.updatedAt} c="dimmed" />
          </Text>
          <Side title={t.segments.conflictTheirs} name={theirs.name} description={theirs.description} text={theirs.ruleQuery} />
          <Side title={t.segments.conflictYours} name={mine.name} description={mine.description} text={mineText} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => onTake(theirs)}>
              {t.segments.takeTheirs}
            </Button>
            <Button color="red" onClick={() => onOverwrite(theirs)}>
              {t.segments.overwrite}
            </Button>
          </Group>
        </Stack>
      ) : (
        <Loader aria-label={t.common.loading} />
      )}
    </Modal>
  );
}

function useText(rule: RuleInput | null): string | null {
  const environment = useRelayEnvironment();
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    if (!rule || !isComplete(rule)) return;
    const running = writeText(environment, rule).subscribe({ next: ({ ruleToQuery }) => setText(ruleToQuery), error: () => undefined });
    return () => running.unsubscribe();
  }, [environment, rule]);
  return text;
}

function Side({ title, name, description, text }: { title: string; name: string; description?: string | null; text?: string | null }) {
  return (
    <Stack gap={4}>
      <Text size="xs" fw={600} c="dimmed">
        {title}
      </Text>
      <Text size="sm" fw={600}>
        {name}
      </Text>
      {description && <Text size="sm">{description}</Text>}
      {text && <Code block>{text}</Code>}
    </Stack>
  );
}
