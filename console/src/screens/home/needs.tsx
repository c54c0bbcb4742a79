import { graphql, useFragment } from "react-relay";

import { useKit } from "../../components/use_kit";
import { useNow } from "../../format/use_moments";
import type { needs_query$key } from "../../__generated__/needs_query.graphql";
import { Needs as NeedsCard } from "./home_parts";

/** What does not go on by itself: failed, paused, refused and blocked things of all kinds, each with where to mend it. */
export function Needs({ query }: { query: needs_query$key }) {
  const kit = useKit();
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
  return <NeedsCard kit={kit} data={data} now={now} />;
}
