import { StatusBadge } from "../../components/status_badge";
import type { Catalogue } from "../../texts/en";
import type { BroadcastStatus } from "../../__generated__/broadcastListQuery.graphql";

const COLORS: Record<BroadcastStatus, string> = {
  DRAFT: "gray",
  SCHEDULED: "indigo",
  PREPARING: "blue",
  SENDING: "blue",
  PAUSED: "orange",
  COMPLETED: "teal",
  CANCELLED: "gray",
  FAILED: "red",
};

export function BroadcastStatusBadge({ t, status }: { t: Catalogue; status: BroadcastStatus }) {
  return <StatusBadge color={COLORS[status]}>{t.broadcasts.statuses[status]}</StatusBadge>;
}
