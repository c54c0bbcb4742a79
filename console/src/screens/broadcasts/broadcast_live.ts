import { graphql } from "relay-runtime";

import { useLive } from "../../relay/live";
import type { broadcastLiveSubscription, broadcastLiveSubscription$data } from "../../__generated__/broadcastLiveSubscription.graphql";
import type { BroadcastStatus } from "../../__generated__/broadcastListQuery.graphql";

const LIVE = graphql`
  subscription broadcastLiveSubscription($id: ID!) {
    broadcastProgress(id: $id) {
      id
      status
      reason
      scheduledAt
      startedAt
      finishedAt
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
`;

const MOVING: readonly BroadcastStatus[] = ["SCHEDULED", "PREPARING", "SENDING", "PAUSED"];

/** Follows a broadcast while it may move by itself; the store, and with it the screen, gets what comes. */
export function useBroadcastLive(
  id: string,
  status: BroadcastStatus,
  onNext?: (progress: broadcastLiveSubscription$data["broadcastProgress"]) => void,
): void {
  useLive<broadcastLiveSubscription>(LIVE, MOVING.includes(status) ? { id } : null, (response) => onNext?.(response.broadcastProgress));
}
