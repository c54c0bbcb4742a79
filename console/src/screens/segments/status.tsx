import { StatusBadge } from "../../components/status_badge";
import type { Catalogue } from "../../texts/en";

const COLORS = { READY: "teal", BUILDING: "brand", FAILED: "red" } as const;

/** How a segment stands, with what that means. */
export function SegmentStatusBadge({ t: { segments: t }, status }: { t: Catalogue; status: keyof typeof COLORS }) {
  return (
    <StatusBadge color={COLORS[status]} title={t.statusLeads[status]}>
      {t.statuses[status]}
    </StatusBadge>
  );
}
