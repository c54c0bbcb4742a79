import { graphql } from "relay-runtime";

import { Screen } from "../../components/screen";
import { useScreenQuery } from "../../relay/screen_query";
import { useMay, useViewer } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { homeQuery } from "../../__generated__/homeQuery.graphql";
import { FirstSteps } from "./first_steps";
import { Freshness } from "./freshness";
import { Columns } from "./home_parts";
import { MovedSegments } from "./moved_segments";
import { Needs } from "./needs";
import { RecentBroadcasts } from "./recent_broadcasts";
import { RunningJobs } from "./running_jobs";
import { Tour } from "./tour";

const QUERY = graphql`
  query homeQuery(
    $mayJobs: Boolean!
    $mayBroadcasts: Boolean!
    $maySegments: Boolean!
    $mayWorkflows: Boolean!
    $mayWebhooks: Boolean!
  ) {
    viewer {
      workspace {
        id
        contactCount
        ...freshness_workspace
      }
    }
    ...runningJobs_query
    ...recentBroadcasts_query
    ...movedSegments_query
    ...needs_query
  }
`;

/** What happens in the workspace now, and what needs a hand: all read by one request, and again every ten seconds. */
export function Home() {
  const t = useTexts();
  const { workspace } = useViewer();
  const variables = {
    mayJobs: useMay("JOB_READ"),
    mayBroadcasts: useMay("BROADCAST_READ"),
    maySegments: useMay("SEGMENT_READ"),
    mayWorkflows: useMay("WORKFLOW_READ"),
    mayWebhooks: useMay("WEBHOOK_MANAGE"),
  };
  const [data, reload] = useScreenQuery<homeQuery>(QUERY, variables, { everyMs: 10_000 });
  const { contactCount } = data.viewer.workspace;
  const isEmpty = contactCount === 0;
  return (
    <Screen title={workspace.name} lead={t.contacts.count(contactCount)} actions={<Freshness workspace={data.viewer.workspace} />}>
      {isEmpty ? <FirstSteps /> : <Tour />}
      <Columns right={variables.maySegments && <MovedSegments query={data} />}>
        <Needs query={data} />
        {variables.mayJobs && <RunningJobs query={data} onEnded={reload} variables={variables} />}
        {variables.mayBroadcasts && <RecentBroadcasts query={data} />}
      </Columns>
    </Screen>
  );
}
