import { Alert, Tabs } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { lazy, Suspense, useState } from "react";
import { graphql } from "react-relay";

import { NotFound } from "../../app/failures";
import { PendingPart } from "../../app/pending";
import { Screen } from "../../components/screen";
import { TabStrip } from "../../components/tab_strip";
import { useKit } from "../../components/use_kit";
import { formatNumber } from "../../format/numbers";
import { usePoll, useScreenQuery } from "../../relay/screen_query";
import { useMay } from "../../session/session";
import type { segmentPageQuery, segmentPageQuery$data } from "../../__generated__/segmentPageQuery.graphql";
import { Members } from "./members";
import { RecomputeProgress } from "./recompute_progress";
import { segmentRoute, TABS, type SegmentTab } from "./routes";
import { SegmentMenu } from "./segment_menu";
import { Edit, Facts } from "./segment_page_parts";
import { useChanges } from "./use_changes";

const Changes = lazy(() => import("./changes").then((module) => ({ default: module.Changes })));
const Uses = lazy(() => import("./uses").then((module) => ({ default: module.Uses })));
const RuleHistory = lazy(() => import("./rule_history").then((module) => ({ default: module.RuleHistory })));
const Overrides = lazy(() => import("./overrides").then((module) => ({ default: module.Overrides })));
const Why = lazy(() => import("./why").then((module) => ({ default: module.Why })));

const QUERY = graphql`
  query segmentPageQuery($id: ID!) {
    segment(id: $id) {
      id
      name
      description
      kind
      status
      memberCount
      computedAt
      ruleText
      ruleQuery
      useCount
      deletedAt
    }
    membershipChanges(first: 1, fromNow: true) {
      cursor
    }
  }
`;

export type ShownSegment = NonNullable<segmentPageQuery$data["segment"]>;

export function SegmentPage() {
  const { segmentId } = segmentRoute.useParams();
  const [data, reload] = useScreenQuery<segmentPageQuery>(QUERY, { id: segmentId });
  const isBuilding = data.segment?.status === "BUILDING";
  usePoll<segmentPageQuery>(QUERY, { id: segmentId }, isBuilding ? 700 : null);
  return data.segment ? <Page key={data.segment.id} segment={data.segment} since={data.membershipChanges.cursor} reload={reload} /> : <NotFound />;
}

function Page({ segment, since, reload }: { segment: ShownSegment; since: string; reload: () => void }) {
  const kit = useKit();
  const { t } = kit;
  const { tab } = segmentRoute.useSearch();
  const navigate = segmentRoute.useNavigate();
  const mayWrite = useMay("SEGMENT_WRITE");
  const mayContacts = useMay("CONTACT_READ");
  const [jobId, setJobId] = useState<string | null>(null);
  const count = useDebouncedCallback(reload, 200);
  const changes = useChanges(segment.id, since, count);
  const isStatic = segment.kind === "STATIC";
  const tabs = TABS.filter((each) => (each === "overrides" || each === "rule" ? !isStatic : each !== "members" || mayContacts));
  const shown: SegmentTab = tab !== undefined && tabs.includes(tab) ? tab : (tabs[0] ?? "changes");
  return (
    <Screen
      title={segment.name}
      lead={segment.description}
      actions={
        <>
          {mayWrite && <Edit kit={kit} id={segment.id} />}
          <SegmentMenu segment={segment} onRecompute={setJobId} />
        </>
      }
    >
      <Facts kit={kit} segment={segment} />
      {segment.status === "FAILED" && (
        <Alert color="red" role="alert">
          {t.segments.statusLeads.FAILED}
        </Alert>
      )}
      {jobId && <RecomputeProgress jobId={jobId} onDone={reload} />}
      <Tabs
        value={shown}
        keepMounted={false}
        onChange={(next) => void navigate({ search: { tab: TABS.find((each) => each === next) }, replace: true })}
      >
        <TabStrip shown={shown}>
          {tabs.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {t.segments.tabs[each]}
              {each === "uses" && segment.useCount > 0 ? ` (${formatNumber(segment.useCount)})` : ""}
            </Tabs.Tab>
          ))}
        </TabStrip>
        <Tabs.Panel value={shown} pt="md">
          <Suspense fallback={<PendingPart />}>
            {shown === "members" && <Members segment={segment} reload={reload} changes={changes.length} />}
            {shown === "changes" && <Changes segment={segment} changes={changes} />}
            {shown === "uses" && <Uses segmentId={segment.id} />}
            {shown === "rule" && <RuleHistory segment={segment} />}
            {shown === "overrides" && <Overrides segmentId={segment.id} onChanged={reload} />}
            {shown === "why" && <Why segment={segment} />}
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </Screen>
  );
}
