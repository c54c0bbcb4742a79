import { Tooltip } from "@mantine/core";

import { StatusBadge } from "../../components/status_badge";
import { useTexts } from "../../texts/texts";

const COLORS = { READY: "teal", BUILDING: "brand", FAILED: "red" } as const;

/** How a segment stands, with what that means. */
export function SegmentStatusBadge({ status }: { status: keyof typeof COLORS }) {
  const t = useTexts().segments;
  return (
    <Tooltip label={t.statusLeads[status]} multiline w={280} openDelay={300}>
      <span>
        <StatusBadge color={COLORS[status]}>{t.statuses[status]}</StatusBadge>
      </span>
    </Tooltip>
  );
}
