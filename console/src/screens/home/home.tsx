import { graphql } from "relay-runtime";

import { Screen } from "../../components/screen";
import { useScreenQuery } from "../../relay/screen_query";
import { useAllContacts } from "../../session/all_contacts";
import { useMay, useViewer } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { homeQuery } from "../../__generated__/homeQuery.graphql";
import { FirstSteps } from "./first_steps";
import { Freshness } from "./freshness";
import { Columns, hasContacts } from "./home_parts";
import { MovedSegments } from "./moved_segments";
import { Needs } from "./needs";
import { RecentBroadcasts } from "./recent_broadcasts";
import { RunningJobs } from "./running_jobs";
import { Tour } from "./tour";

const QUERY = graphql`
  query homeQuery(
    $mayContacts: Boolean!
    $mayJobs: Boolean!
    $mayBroadcasts: Boolean!
    $maySegments: Boolean!
    $mayWorkflows: Boolean!
    $mayWebhooks: Boolean!
  ) {
    viewer {
      workspace {
        id
        contactCount @skip(if: $mayContacts)
        ...freshness_workspace
      }
    }
    contacts(first: 1) @include(if: $mayContacts) {
      nodes {
        id
      }
    }
    ...runningJobs_query
    ...recentBroadcasts_query
    ...movedSegments_query
    ...needs_query
  }
`;

const EVERY_MS = 10_000;

/** What happens in the workspace now, and what needs a hand: all read by one request, and again every ten seconds. */
export function Home() {
  const t = useTexts();
  const { workspace } = useViewer();
  const variables = {
    mayContacts: useMay("CONTACT_READ"),
    mayJobs: useMay("JOB_READ"),
    mayBroadcasts: useMay("BROADCAST_READ"),
    maySegments: useMay("SEGMENT_READ"),
    mayWorkflows: useMay("WORKFLOW_READ"),
    mayWebhooks: useMay("WEBHOOK_MANAGE"),
  };
  const [data, reload] = useScreenQuery<homeQuery>(QUERY, variables, { everyMs: EVERY_MS });
  const contactCount = useAllContacts({ everyMs: EVERY_MS });
  return (
    <Screen title={workspace.name} lead={contactCount === null ? "\u00a0" : t.contacts.count(contactCount)} actions={<Freshness workspace={data.viewer.workspace} />}>
      {hasContacts(data) ? <Tour /> : <FirstSteps />}
      <Columns right={variables.maySegments && <MovedSegments query={data} />}>
        <Needs query={data} />
        {variables.mayJobs && <RunningJobs query={data} onEnded={reload} variables={variables} />}
        {variables.mayBroadcasts && <RecentBroadcasts query={data} />}
      </Columns>
    </Screen>
  );
}
