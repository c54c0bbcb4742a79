import { Button, Text } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { Moment } from "../../components/moment";
import { RowLink } from "../../components/row_link";
import { Sparkline } from "../../components/sparkline";
import { formatNumber } from "../../format/numbers";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { segmentCells_segment$key } from "../../__generated__/segmentCells_segment.graphql";
import { DataCell } from "../../components/table_frame";
import { SegmentStatusBadge } from "./status";
import { useRestore } from "./use_restore";

/** The cells of one segment in the list. */
export function SegmentCells({ segment, onRestored }: { segment: segmentCells_segment$key; onRestored: () => void }) {
  const t = useTexts().segments;
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
  const isDeleted = row.deletedAt !== null && row.deletedAt !== undefined;
  return (
    <>
      <DataCell>
        {isDeleted ? (
          row.name
        ) : (
          <RowLink path={`/segments/${row.id}`} strong title={row.description ?? undefined}>
            {row.name}
          </RowLink>
        )}
      </DataCell>
      <DataCell>
        <span title={t.kindLeads[row.kind]}>{t.kinds[row.kind]}</span>
      </DataCell>
      <DataCell numeric>{formatNumber(row.memberCount)}</DataCell>
      <DataCell>
        <Sparkline height={22} values={row.trend} label={t.trendLabel(row.trend[0] ?? 0, row.trend.at(-1) ?? 0)} />
      </DataCell>
      <DataCell>
        <SegmentStatusBadge status={row.status} />
      </DataCell>
      <DataCell>
        <Moment at={isDeleted ? row.deletedAt : row.computedAt} />
      </DataCell>
      <DataCell>
        {isDeleted ? (
          mayWrite && <Restore id={row.id} onRestored={onRestored} />
        ) : row.useCount > 0 ? (
          <RowLink path={`/segments/${row.id}?tab=uses`} label={t.openUses(row.name, row.useCount)}>
            {t.uses(row.useCount)}
          </RowLink>
        ) : (
          <Text size="sm" c="dimmed">
            {t.unused}
          </Text>
        )}
      </DataCell>
    </>
  );
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
