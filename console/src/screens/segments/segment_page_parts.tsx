import { IconPencil } from "@tabler/icons-react";

import { AwaitedPlace } from "../../components/awaited_place";
import type { Kit } from "../../components/kit";
import { Screen } from "../../components/screen";
import { StatusBadge } from "../../components/status_badge";
import { Words } from "../../components/words";
import { formatNumber } from "../../format/numbers";
import { AwaitedContent } from "../../frame/awaited_screen";
import type { FirstView } from "../../frame/first_view";
import type { segmentPageQuery$data } from "../../__generated__/segmentPageQuery.graphql";
import facts from "./segment_facts.module.css";
import { SegmentStatusBadge } from "./status";

// Parts of a segment's page without hooks: they are drawn before React is there.

type Segment = NonNullable<segmentPageQuery$data["segment"]>;

export const firstView: FirstView<segmentPageQuery$data> = ({ kit, may, data: { segment } }) => {
  if (!segment) return null;
  const actions = (
    <>
      {may("SEGMENT_WRITE") && <Edit kit={kit} id={segment.id} />}
      <AwaitedPlace style={{ width: 36 }} />
    </>
  );
  return (
    <Screen title={segment.name} lead={segment.description} actions={actions}>
      <Facts kit={kit} segment={segment} />
      <AwaitedContent texts={kit.t.common} />
    </Screen>
  );
};

export function Edit({ kit: { t, ButtonLink }, id }: { kit: Kit; id: string }) {
  return (
    <ButtonLink path={`/segments/${id}/edit`} leftSection={<IconPencil size={16} />}>
      {t.common.edit}
    </ButtonLink>
  );
}

/** How many are in a segment, how it stands, and its rule in words. */
export function Facts({ kit, segment }: { kit: Kit; segment: Segment }) {
  const t = kit.t.segments;
  return (
    <div className={facts.card}>
      <div role="status">
        <p className={facts.figure}>{formatNumber(segment.memberCount)}</p>
        <Words isSmall isDimmed>
          {t.size}
        </Words>
      </div>
      <div className={facts.facts}>
        <div className={facts.badges}>
          <StatusBadge color="gray">{t.kinds[segment.kind]}</StatusBadge>
          <SegmentStatusBadge t={kit.t} status={segment.status} />
        </div>
        <Words as="div" isSmall isDimmed>
          {t.fresh} <kit.Moment at={segment.computedAt} />
        </Words>
      </div>
      {segment.ruleText && (
        <div className={facts.rule}>
          <Words>{segment.ruleText}</Words>
        </div>
      )}
    </div>
  );
}
