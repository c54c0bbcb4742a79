import { Button } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { useKit } from "../../components/use_kit";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { segmentCells_segment$key } from "../../__generated__/segmentCells_segment.graphql";
import { Cells } from "./segment_list_parts";
import { useRestore } from "./use_restore";

/** The cells of one segment in the list. */
export function SegmentCells({ segment, onRestored }: { segment: segmentCells_segment$key; onRestored: () => void }) {
  const kit = useKit();
  const mayWrite = useMay("SEGMENT_WRITE");
  const row = useFragment(
    graphql`
      fragment segmentCells_segment on Segment {
        id
        name
        description
        kind
        status
        memberCount
        trend(days: 30)
        computedAt
        deletedAt
        useCount
      }
    `,
    segment,
  );
  return <Cells kit={kit} row={row} restore={mayWrite && row.deletedAt && <Restore id={row.id} onRestored={onRestored} />} />;
}

function Restore({ id, onRestored }: { id: string; onRestored: () => void }) {
  const t = useTexts().segments;
  const [restore, busy] = useRestore();
  return (
    <Button size="compact-sm" variant="light" loading={busy} onClick={async () => (await restore(id)) && onRestored()}>
      {t.restore}
    </Button>
  );
}
