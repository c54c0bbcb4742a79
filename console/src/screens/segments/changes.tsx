import { Card, Skeleton, Stack, Switch, Table, Text, Title } from "@mantine/core";
import { lazy, Suspense, useMemo, useState } from "react";
import { graphql, useLazyLoadQuery } from "react-relay";

import { LinkTo } from "../../components/link";
import { Moment } from "../../components/moment";
import { PlainTable } from "../../components/plain_table";
import { Segments } from "../../components/segments";
import { useMoments } from "../../format/use_moments";
import { formatDifference, formatNumber } from "../../format/numbers";
import { useTexts } from "../../texts/texts";
import type { changesQuery, changesQuery$data } from "../../__generated__/changesQuery.graphql";
import { PERIODS, segmentRoute } from "./routes";
import type { ShownSegment } from "./segment_page";
import type { Change } from "./use_changes";
import classes from "./segments.module.css";

const ChangesChart = lazy(() => import("./changes_chart").then((module) => ({ default: module.ChangesChart })));

const QUERY = graphql`
  query changesQuery($id: ID!, $from: DateTime!, $to: DateTime!, $interval: AnalyticsInterval!) {
    segment(id: $id) {
      analytics(from: $from, to: $to, interval: $interval) {
        entered
        left
        points {
          at
          members
          entered
          left
        }
      }
    }
  }
`;

export type Point = NonNullable<changesQuery$data["segment"]>["analytics"]["points"][number];

const HOUR = 3_600_000;

/** Entries and exits: over time as a chart or a table, and live. */
export function Changes({ segment, changes }: { segment: ShownSegment; changes: readonly Change[] }) {
  const t = useTexts().segments;
  const { days = "30", table: isTable = false } = segmentRoute.useSearch();
  const navigate = segmentRoute.useNavigate();
  const [opened] = useState(() => Date.now());
  const range = useMemo(() => {
    const to = Math.ceil((opened + 1) / HOUR) * HOUR;
    return { from: new Date(to - Number(days) * 24 * HOUR).toISOString(), to: new Date(to).toISOString() };
  }, [days, opened]);
  const data = useLazyLoadQuery<changesQuery>(
    QUERY,
    { id: segment.id, ...range, interval: days === "365" ? "WEEK" : "DAY" },
    { fetchPolicy: "store-and-network" },
  );
  const analytics = data.segment?.analytics;
  if (!analytics) return null;
  return (
    <div className={classes.twoPanes}>
      <Card withBorder padding="md">
        <Stack gap="sm">
          <div className={classes.filters}>
            <Segments
              label={t.period}
              isSmall
              value={days}
              choices={PERIODS.map((each) => ({ value: each, label: t.periods[each] }))}
              onChange={(next) => void navigate({ search: { tab: "changes", days: next, table: isTable || undefined }, replace: true })}
            />
            <Switch
              size="sm"
              label={t.asTable}
              checked={isTable}
              onChange={(event) =>
                void navigate({ search: { tab: "changes", days, table: event.currentTarget.checked || undefined }, replace: true })
              }
            />
          </div>
          <dl className={classes.figures}>
            <Figure label={t.entered} value={formatNumber(analytics.entered)} />
            <Figure label={t.left} value={formatNumber(analytics.left)} />
            <Figure label={t.net} value={formatDifference(analytics.entered - analytics.left)} />
          </dl>
          {isTable ? (
            <PointsTable points={analytics.points} />
          ) : (
            <Suspense fallback={<Skeleton height={340} />}>
              <ChangesChart points={analytics.points} label={t.chartLabel(analytics.entered, analytics.left)} />
            </Suspense>
          )}
        </Stack>
      </Card>
      <LiveFeed changes={changes} />
    </div>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function PointsTable({ points }: { points: readonly Point[] }) {
  const t = useTexts().segments;
  const { day } = useMoments();
  return (
    <PlainTable label={t.tabs.changes} columns={[t.day, t.size, t.entered, t.left]} minWidth={360}>
      {points.toReversed().map((point) => (
        <Table.Tr key={point.at}>
          <Table.Td>{day(point.at)}</Table.Td>
          <Table.Td className="numeric">{formatNumber(point.members)}</Table.Td>
          <Table.Td className="numeric">{formatNumber(point.entered)}</Table.Td>
          <Table.Td className="numeric">{formatNumber(point.left)}</Table.Td>
        </Table.Tr>
      ))}
    </PlainTable>
  );
}

/** Who enters and leaves, with the reason, as it happens. */
function LiveFeed({ changes }: { changes: readonly Change[] }) {
  const t = useTexts();
  return (
    <Card withBorder padding="md">
      <Title order={2} size="h5">
        {t.segments.live}
      </Title>
      <Text size="xs" c="dimmed">
        {t.segments.liveLead}
      </Text>
      <ol className={classes.feed} aria-label={t.segments.live} aria-live="polite">
        {changes.map((change) => {
          const isIn = change.kind === "ENTERED";
          const name = change.contact?.name || change.contact?.email || change.contact?.phone;
          const reason = t.segments.originOf[change.origin];
          return (
            <li key={change.cursor}>
              <span className={classes.sign} data-in={isIn} aria-hidden>
                {isIn ? "+" : "−"}
              </span>
              <div>
                {change.contact ? (
                  <LinkTo to={`/contacts/${change.contactId}` as "/contacts"} size="sm">
                    {name || t.rules.nameless}
                  </LinkTo>
                ) : (
                  <Text size="sm" component="span">
                    {t.segments.lostContact}
                  </Text>
                )}{" "}
                <Text size="sm" component="span">
                  {isIn ? t.segments.enteredBecause(reason) : t.segments.leftBecause(reason)}
                </Text>
                <Moment at={change.at} size="xs" c="dimmed" display="block" />
              </div>
            </li>
          );
        })}
      </ol>
      {changes.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.segments.liveNone}
        </Text>
      )}
    </Card>
  );
}
