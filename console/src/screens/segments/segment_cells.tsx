import { Button, Text, Tooltip } from "@mantine/core";
import { graphql, useFragment } from "react-relay";

import { DataCell } from "../../components/data_table";
import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { Sparkline } from "../../components/sparkline";
import { formatNumber } from "../../format/numbers";
import { useMay } from "../../session/session";
import { useTexts } from "../../texts/texts";
import type { segmentCells_segment$key } from "../../__generated__/segmentCells_segment.graphql";
import { SegmentStatusBadge } from "./status";
import { useRestore } from "./use_restore";

/** The cells of one segment in the list. */
export function SegmentCells({ segment, onRestored }: { segment: segmentCells_segment$key; onRestored: () => void }) {
  const t = useTexts().segments;
  const [restore, busy] = useRestore();
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
          <Text size="sm" component="span">
            {row.name}
          </Text>
        ) : (
          <LinkTo to="/segments/$segmentId" params={{ segmentId: row.id }} size="sm" fw={550} title={row.description ?? undefined}>
            {row.name}
          </LinkTo>
        )}
      </DataCell>
      <DataCell>
        <Tooltip label={t.kindLeads[row.kind]} multiline w={280} openDelay={300}>
          <span>{t.kinds[row.kind]}</span>
        </Tooltip>
      </DataCell>
      <DataCell numeric>{formatNumber(row.memberCount)}</DataCell>
      <DataCell>
        <Sparkline height={22} values={row.trend} label={t.trendLabel(row.trend[0] ?? 0, row.trend.at(-1) ?? 0)} />
      </DataCell>
      <DataCell>
        <SegmentStatusBadge status={row.status} />
      </DataCell>
      <DataCell>
        <Moment at={isDeleted ? row.deletedAt : row.computedAt} size="sm" />
      </DataCell>
      <DataCell>
        {isDeleted ? (
          mayWrite && (
            <Button size="compact-sm" variant="light" loading={busy} onClick={async () => (await restore(row.id)) && onRestored()}>
              {t.restore}
            </Button>
          )
        ) : row.useCount > 0 ? (
          <LinkTo
            to="/segments/$segmentId"
            params={{ segmentId: row.id }}
            search={{ tab: "uses" }}
            size="sm"
            aria-label={t.openUses(row.name, row.useCount)}
          >
            {t.uses(row.useCount)}
          </LinkTo>
        ) : (
          <Text size="sm" c="dimmed">
            {t.unused}
          </Text>
        )}
      </DataCell>
    </>
  );
}
