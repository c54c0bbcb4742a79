import { Group, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { PathLink } from "../../components/path_link";
import { useNow } from "../../format/use_moments";
import { useTexts } from "../../texts/texts";
import type { needs_query$key } from "../../__generated__/needs_query.graphql";
import { HomeCard } from "./home_card";
import { needsOf } from "./needs_of";


/** What does not go on by itself: failed, paused, refused and blocked things of all kinds, each with where to mend it. */
export function Needs({ query }: { query: needs_query$key }) {
  const t = useTexts();
  const now = useNow();
  const data = useFragment(
    graphql`
      fragment needs_query on Query {
        failed: jobs(first: 5, status: FAILED) @include(if: $mayJobs) {
          nodes {
            id
            ...jobFragment_job @relay(mask: false)
          }
        }
        paused: jobs(first: 5, status: PAUSED) @include(if: $mayJobs) {
          nodes {
            id
            ...jobFragment_job @relay(mask: false)
          }
        }
        held: broadcasts(first: 5, status: PAUSED) @include(if: $mayBroadcasts) {
          nodes {
            id
            name
            reason
          }
        }
        broken: broadcasts(first: 5, status: FAILED) @include(if: $mayBroadcasts) {
          nodes {
            id
            name
            reason
            createdAt
          }
        }
        whatsappChannel @include(if: $mayBroadcasts) {
          id
          status
          reason
        }
        workflows(first: 5, status: PAUSED) @include(if: $mayWorkflows) {
          nodes {
            id
            name
            reason
          }
        }
        stuck: workflows(first: 5, withFailed: true) @include(if: $mayWorkflows) {
          nodes {
            id
            name
            counts {
              failed
            }
          }
          pageInfo {
            hasNextPage
          }
        }
        unbuilt: segments(first: 5, status: FAILED) @include(if: $maySegments) {
          nodes {
            id
            name
          }
          pageInfo {
            hasNextPage
          }
        }
        webhookEndpoints @include(if: $mayWebhooks) {
          id
          url
          status
          reason
        }
        inboundWebhookFailures(first: 1) @include(if: $mayWebhooks) {
          nodes {
            id
            reason
          }
        }
        metaConnection @include(if: $maySegments) {
          id
          status
          reason
        }
        audiences(first: 50) @include(if: $maySegments) {
          nodes {
            id
            name
            status
            reason
          }
        }
      }
    `,
    query,
  );
  const needs = needsOf(data, t, now);
  return (
    <HomeCard title={t.home.needs.title}>
      {needs.length === 0 && (
        <Group gap="xs" wrap="nowrap">
          <ThemeIcon size="sm" radius="xl" color="teal" variant="light" aria-hidden>
            <IconCircleCheck size={14} />
          </ThemeIcon>
          <Text size="sm" c="dimmed">
            {t.home.needs.none}
          </Text>
        </Group>
      )}
      <Stack gap="xs" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
        {needs.map((need) => (
          <Group key={need.key} component="li" gap="xs" wrap="nowrap" align="flex-start">
            <ThemeIcon size="sm" radius="xl" color={need.isBroken ? "red" : "yellow"} variant="light" aria-hidden>
              <IconAlertTriangle size={14} />
            </ThemeIcon>
            <div>
              <Text size="sm">
                {need.what}{" "}
                <PathLink path={need.path} search={need.search} fw={600} inherit>
                  {need.name}
                </PathLink>
              </Text>
              {need.reason && (
                <Text size="xs" c="dimmed">
                  {need.reason}
                </Text>
              )}
            </div>
          </Group>
        ))}
      </Stack>
    </HomeCard>
  );
}

