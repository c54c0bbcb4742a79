import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useLazyLoadQuery } from "react-relay";
import { graphql } from "relay-runtime";

import { Moment } from "../../components/moment";
import { notifyDone } from "../../components/notify";
import { RuleTruth } from "../../components/rule_truth";
import { useMutationCall } from "../../relay/commit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { MembershipOverride, whySegmentOverrideMutation } from "../../__generated__/whySegmentOverrideMutation.graphql";
import type { whySegmentQuery } from "../../__generated__/whySegmentQuery.graphql";

const QUERY = graphql`
  query whySegmentQuery($segmentId: ID!, $contactId: ID!, $mayReadContacts: Boolean!) {
    segment(id: $segmentId) {
      id
      name
      kind
      status
    }
    segmentExplain(segmentId: $segmentId, contactId: $contactId) {
      member
      override
      since
      rule {
        ...ruleTruth_rule
      }
    }
  }
`;

const OVERRIDE = graphql`
  mutation whySegmentOverrideMutation($segmentId: ID!, $contactIds: [ID!]!, $override: MembershipOverride) {
    segmentOverride(segmentId: $segmentId, contactIds: $contactIds, override: $override) {
      changed
      userErrors {
        message
      }
    }
  }
`;

/** Why a contact is in a segment, or is not: the rule as a tree with what is true and what the contact has. */
export function WhySegment({ segmentId, contactId, turn }: { segmentId: string; contactId: string; turn: number }) {
  const t = useTexts().contacts.why;
  const [own, setOwn] = useState(0);
  const mayOverride = useMay("SEGMENT_WRITE");
  const { segment, segmentExplain: why } = useLazyLoadQuery<whySegmentQuery>(
    QUERY,
    { segmentId, contactId, mayReadContacts: true },
    { fetchPolicy: "store-and-network", fetchKey: turn + own },
  );
  const [override, busy] = useMutationCall<whySegmentOverrideMutation>(OVERRIDE);
  const set = async (next: MembershipOverride | null) => {
    const before = why.override ?? null;
    const answer = await override({ segmentId, contactIds: [contactId], override: next });
    if (!answer) return;
    const error = answer.segmentOverride.userErrors[0];
    notifyDone(error?.message ?? t.overridden[next ?? "NONE"], error ? undefined : () => void set(before));
    setOwn((before) => before + 1);
  };
  if (!segment) return <Alert color="yellow">{t.deleted}</Alert>;
  return (
    <Stack gap="xs" mt="xs" role="region" aria-label={t.openOf(segment.name)}>
      <Text size="sm" role="status">
        <b>{why.member ? t.isIn : t.isNotIn}</b>
        {why.since && (
          <>
            {" "}
            {t.since} <Moment at={why.since} exact inherit span />
          </>
        )}
        {segment.status === "BUILDING" && ` ${t.building}`}
      </Text>
      {why.override && <Alert p="xs">{t.overrides[why.override]}</Alert>}
      {segment.kind === "STATIC" && <Text size="sm">{t.byHand}</Text>}
      {why.rule && <RuleTruth rule={why.rule} />}
      {mayOverride && segment.kind !== "STATIC" && (
        <Group gap={6}>
          {why.override !== "INCLUDE" && (
            <Button size="compact-sm" variant="default" loading={busy} onClick={() => void set("INCLUDE")}>
              {t.include}
            </Button>
          )}
          {why.override !== "EXCLUDE" && (
            <Button size="compact-sm" variant="default" loading={busy} onClick={() => void set("EXCLUDE")}>
              {t.exclude}
            </Button>
          )}
          {why.override && (
            <Button size="compact-sm" variant="default" loading={busy} onClick={() => void set(null)}>
              {t.asRule}
            </Button>
          )}
        </Group>
      )}
    </Stack>
  );
}
