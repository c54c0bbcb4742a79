import { Group, Text } from "@mantine/core";
import { IconCircleCheck, IconRefresh } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { formatDuration } from "../../format/moments";
import { useTexts } from "../../texts/texts";
import type { freshness_workspace$key } from "../../__generated__/freshness_workspace.graphql";

/** How far the segments are behind what is known of the contacts. */
export function Freshness({ workspace }: { workspace: freshness_workspace$key }) {
  const t = useTexts().home.freshness;
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
  const isFresh = freshness.pendingContacts === 0;
  return (
    <Group gap={6} wrap="nowrap" role="status" c={isFresh ? "teal.9" : "dimmed"} className="freshness">
      {isFresh ? <IconCircleCheck size={18} aria-hidden /> : <IconRefresh size={18} aria-hidden />}
      <Text size="sm" c="dimmed">
        {isFresh ? t.now : t.behind(freshness.pendingContacts, formatDuration(freshness.lagSeconds))}
      </Text>
    </Group>
  );
}
