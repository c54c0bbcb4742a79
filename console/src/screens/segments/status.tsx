import { StatusBadge } from "../../components/status_badge";
import { useTexts } from "../../texts/texts";

const COLORS = { READY: "teal", BUILDING: "brand", FAILED: "red" } as const;

/** How a segment stands, with what that means. */
export function SegmentStatusBadge({ status }: { status: keyof typeof COLORS }) {
  const t = useTexts().segments;
  return (
    <StatusBadge color={COLORS[status]} title={t.statusLeads[status]}>
      {t.statuses[status]}
    </StatusBadge>
  );
}
