import { Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconHelpCircle } from "@tabler/icons-react";
import { useLazyLoadQuery } from "react-relay";
import { graphql } from "relay-runtime";

import { Empty } from "../../components/empty";
import { Moment } from "../../components/moment";
import { PathLink } from "../../components/path_link";
import { ScreenPart } from "../../components/screen_part";
import { SegmentSelect } from "../../components/segment_select";
import { useTexts } from "../../texts/texts";
import type { contactSegmentsQuery } from "../../__generated__/contactSegmentsQuery.graphql";
import { WhySegment } from "./why_segment";

const QUERY = graphql`
  query contactSegmentsQuery($id: ID!) {
    contact(id: $id) {
      id
      segments(first: 250) {
        totalCount
        edges {
          joinedAt
          origin
          node {
            id
            name
            kind
          }
        }
      }
    }
  }
`;

/** The segments that the contact is in, each with why, and why it is or is not in any other one. */
export function ContactSegments({
  contactId,
  turn,
  name,
  why,
  onWhy,
}: {
  contactId: string;
  turn: number;
  name: string;
  why: string | undefined;
  onWhy: (segment: string | undefined) => void;
}) {
  const t = useTexts().contacts;
  const { contact } = useLazyLoadQuery<contactSegmentsQuery>(QUERY, { id: contactId }, { fetchPolicy: "store-and-network", fetchKey: turn });
  const edges = contact?.segments.edges ?? [];
  const isListed = edges.some(({ node }) => node.id === why);
  return (
    <Stack gap="md">
      <Card withBorder padding="sm">
        <Stack gap="xs">
          <Title order={2} size="h5">
            {t.why.ask(name)}
          </Title>
          <SegmentSelect
            aria-label={t.why.segment}
            placeholder={t.why.segment}
            value={why ?? null}
            onChange={(segment) => onWhy(segment?.id)}
          />
          {why && !isListed && (
            <ScreenPart height={80} resetKey={why}>
              <WhySegment segmentId={why} contactId={contactId} turn={turn} />
            </ScreenPart>
          )}
        </Stack>
      </Card>
      {edges.length === 0 && <Empty title={t.why.none}>{t.why.noneLead}</Empty>}
      {edges.length > 0 && (
        <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
          {edges.map(({ node, joinedAt, origin }) => (
            <Card key={node.id} component="li" withBorder padding="sm">
              <Group justify="space-between" gap="xs">
                <div>
                  <PathLink path={`/segments/${node.id}`} fw={600} size="sm">
                    {node.name}
                  </PathLink>
                  <Text size="xs" c="dimmed">
                    {t.why.since} <Moment at={joinedAt} inherit span /> · {t.origins[origin]}
                  </Text>
                </div>
                <Button
                  size="compact-sm"
                  variant="subtle"
                  leftSection={<IconHelpCircle size={14} />}
                  aria-expanded={why === node.id}
                  aria-label={t.why.openOf(node.name)}
                  onClick={() => onWhy(why === node.id ? undefined : node.id)}
                >
                  {t.why.open}
                </Button>
              </Group>
              {why === node.id && (
                <ScreenPart height={80} resetKey={node.id}>
                  <WhySegment segmentId={node.id} contactId={contactId} turn={turn} />
                </ScreenPart>
              )}
            </Card>
          ))}
        </Stack>
      )}
    </Stack>
  );
}
