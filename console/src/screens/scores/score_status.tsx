import { StatusBadge } from "../../components/status_badge";
import { useTexts } from "../../texts/texts";
import type { SegmentStatus } from "../../__generated__/scoreListQuery.graphql";

const COLORS: Record<SegmentStatus, string> = { READY: "teal", BUILDING: "blue", FAILED: "red" };

export function ScoreStatus({ status }: { status: SegmentStatus }) {
  const t = useTexts();
  return (
    <span role="status">
      <StatusBadge color={COLORS[status]}>{t.scores.status[status]}</StatusBadge>
    </span>
  );
}
