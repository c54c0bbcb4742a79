import { graphql, useFragment } from "react-relay";

import { useKit } from "../../components/use_kit";
import type { recentBroadcasts_query$key } from "../../__generated__/recentBroadcasts_query.graphql";
import { Broadcasts } from "./home_parts";

/** The newest broadcasts, each with what became of its messages. */
export function RecentBroadcasts({ query }: { query: recentBroadcasts_query$key }) {
  const kit = useKit();
  const { recent } = useFragment(
    graphql`
      fragment recentBroadcasts_query on Query {
        recent: broadcasts(first: 5) @include(if: $mayBroadcasts) {
          nodes {
            id
            name
            status
            createdAt
            startedAt
            scheduledAt
            counts {
              pending
              sending
              sent
              delivered
              read
              failed
              skipped
              unconfirmed
            }
          }
        }
      }
    `,
    query,
  );
  return <Broadcasts kit={kit} broadcasts={recent?.nodes ?? []} />;
}
