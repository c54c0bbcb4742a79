import { graphql, useFragment } from "react-relay";

import { useKit } from "../../components/use_kit";
import type { freshness_workspace$key } from "../../__generated__/freshness_workspace.graphql";
import { Freshness as FreshnessLine } from "./home_parts";

/** How far the segments are behind what is known of the contacts. */
export function Freshness({ workspace }: { workspace: freshness_workspace$key }) {
  const kit = useKit();
  const { freshness } = useFragment(
    graphql`
      fragment freshness_workspace on Workspace {
        freshness {
          pendingContacts
          lagSeconds
        }
      }
    `,
    workspace,
  );
  return <FreshnessLine kit={kit} freshness={freshness} />;
}
