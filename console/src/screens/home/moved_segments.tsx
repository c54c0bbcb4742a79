import { graphql, useFragment } from "react-relay";

import { useKit } from "../../components/use_kit";
import type { movedSegments_query$key } from "../../__generated__/movedSegments_query.graphql";
import { Moved } from "./home_parts";

/** The segments whose size changed most in a week, each with how it went. */
export function MovedSegments({ query }: { query: movedSegments_query$key }) {
  const kit = useKit();
  const { moved } = useFragment(
    graphql`
      fragment movedSegments_query on Query {
        moved: segments(first: 6, orderBy: MOVED_DESC) @include(if: $maySegments) {
          nodes {
            id
            name
            memberCount
            trend(days: 8)
          }
        }
      }
    `,
    query,
  );
  return <Moved kit={kit} segments={moved?.nodes ?? []} />;
}
