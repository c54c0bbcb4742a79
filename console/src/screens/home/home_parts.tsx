import { IconAlertTriangle, IconCircleCheck, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { AwaitedPlace } from "../../components/awaited_place";
import { Bar } from "../../components/bar";
import type { Kit } from "../../components/kit";
import { Screen } from "../../components/screen";
import { Sparkline } from "../../components/sparkline";
import { StatusBadge } from "../../components/status_badge";
import { Words } from "../../components/words";
import { formatDuration } from "../../format/moments";
import { formatDifference, formatNumber } from "../../format/numbers";
import { wordOf } from "../../format/words";
import type { FirstView } from "../../frame/first_view";
import type { freshness_workspace$data } from "../../__generated__/freshness_workspace.graphql";
import type { movedSegments_query$data } from "../../__generated__/movedSegments_query.graphql";
import type { BroadcastStatus, recentBroadcasts_query$data } from "../../__generated__/recentBroadcasts_query.graphql";
import { STATUS_COLORS, titleOf, type Job } from "../transfers/job_words";
import classes from "./home.module.css";
import { needsOf, type NeedsData } from "./needs_of";
import { isTourShown } from "./tour_shown";

// Parts of the first screen without hooks: it is drawn before React is there.

type Few = { nodes: readonly unknown[] };

type Data = NeedsData &
  Pick<movedSegments_query$data, "moved"> &
  Pick<recentBroadcasts_query$data, "recent"> & {
    viewer: { workspace: { contactCount?: number } & Pick<freshness_workspace$data, "freshness"> };
    contacts?: Few;
    running?: { nodes: readonly Job[] };
    queued?: { nodes: readonly Job[] };
  };

export const firstView: FirstView<Data> = ({ kit, viewer, may, data }) => {
  const { freshness } = data.viewer.workspace;
  if (!hasContacts(data) || isTourShown(viewer, kit.t)) return null; // what helps at first is drawn by React alone
  return (
    <Screen title={viewer.workspace.name} lead={"\u00a0"} actions={<Freshness kit={kit} freshness={freshness} />}>
      <Columns right={may("SEGMENT_READ") && <Moved kit={kit} segments={data.moved?.nodes ?? []} />}>
        <Needs kit={kit} data={data} now={Date.now()} />
        {may("JOB_READ") && (
          <Jobs kit={kit}>
            {jobsOf(data).map((job) => (
              <JobLine key={job.id} kit={kit} job={job} progress={<AwaitedPlace className={classes.progress} />} />
            ))}
          </Jobs>
        )}
        {may("BROADCAST_READ") && <Broadcasts kit={kit} broadcasts={data.recent?.nodes ?? []} />}
      </Columns>
    </Screen>
  );
};

/** Whether the workspace has any contacts: a look at one is sooner than to count all. Who may not look is told how many there are. */
export function hasContacts({ contacts, viewer }: { contacts?: Few; viewer: { workspace: { contactCount?: number } } }): boolean {
  return contacts ? contacts.nodes.length > 0 : viewer.workspace.contactCount !== 0;
}

export function Columns({ right, children }: { right: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.columns} data-two={Boolean(right) || undefined}>
      <div className={classes.column}>{children}</div>
      {right}
    </div>
  );
}

/** How far the segments are behind what is known of the contacts. */
export function Freshness({ kit, freshness }: { kit: Kit; freshness: freshness_workspace$data["freshness"] }) {
  const t = kit.t.home.freshness;
  const isFresh = freshness.pendingContacts === 0;
  return (
    <div role="status" className={classes.fresh} data-fresh={isFresh || undefined}>
      {isFresh ? <IconCircleCheck size={18} aria-hidden /> : <IconRefresh size={18} aria-hidden />}
      <Words isDimmed>{isFresh ? t.now : t.behind(freshness.pendingContacts, formatDuration(freshness.lagSeconds))}</Words>
    </div>
  );
}

/** A part of the first screen: its title, a way to all of it, and the newest of it. */
function HomeCard({ kit, title, all, children }: { kit: Kit; title: string; all?: string; children: ReactNode }) {
  return (
    <section className={classes.card} aria-label={title}>
      <div className={classes.cardHead}>
        <h2 className={classes.cardTitle}>{title}</h2>
        {all && <kit.Link path={all}>{kit.t.home.all}</kit.Link>}
      </div>
      {children}
    </section>
  );
}

/** What does not go on by itself: failed, paused, refused and blocked things of all kinds, each with where to mend it. */
export function Needs({ kit, data, now }: { kit: Kit; data: NeedsData; now: number }) {
  const t = kit.t.home.needs;
  const needs = needsOf(data, kit.t, now);
  return (
    <HomeCard kit={kit} title={t.title}>
      {needs.length === 0 && (
        <div className={classes.marked}>
          <Mark color="teal">
            <IconCircleCheck size={14} />
          </Mark>
          <Words isDimmed>{t.none}</Words>
        </div>
      )}
      <ul className={classes.lines}>
        {needs.map(({ key, isBroken, what, path, name, reason }) => (
          <li key={key} className={classes.marked}>
            <Mark color={isBroken ? "red" : "yellow"}>
              <IconAlertTriangle size={14} />
            </Mark>
            <div>
              <Words>
                {what}{" "}
                <kit.Link path={path} strong>
                  {name}
                </kit.Link>
              </Words>
              {reason && (
                <Words isSmall isDimmed>
                  {reason}
                </Words>
              )}
            </div>
          </li>
        ))}
      </ul>
    </HomeCard>
  );
}

function Mark({ color, children }: { color: string; children: ReactNode }) {
  const colours = { background: `var(--mantine-color-${color}-light)`, color: `var(--mantine-color-${color}-light-color)` };
  return (
    <span className={classes.mark} style={colours} aria-hidden>
      {children}
    </span>
  );
}

type JobIds = { readonly nodes: readonly { readonly id: string }[] } | null | undefined;

/** Those that run, then those that wait, each once. */
export function jobsOf<Jobs extends JobIds>({ running, queued }: { running?: Jobs; queued?: Jobs }): NonNullable<Jobs>["nodes"][number][] {
  return [...new Map([...(running?.nodes ?? []), ...(queued?.nodes ?? [])].map((job) => [job.id, job])).values()];
}

/** Long work that runs or waits. */
export function Jobs({ kit, children }: { kit: Kit; children: readonly ReactNode[] }) {
  const t = kit.t.home.jobs;
  return (
    <HomeCard kit={kit} title={t.title} all="/transfers">
      {children.length === 0 && <Words isDimmed>{t.none}</Words>}
      <ul className={classes.lines}>{children}</ul>
    </HomeCard>
  );
}

/** One job, with what says how far it is. */
export function JobLine({ kit, job, progress }: { kit: Kit; job: Job; progress: ReactNode }) {
  return (
    <li>
      <div className={classes.lineHead}>
        <div className={classes.name} data-whole="">
          <kit.Link path={`/transfers/${job.id}`} strong>
            {titleOf(kit.t, job)}
          </kit.Link>
        </div>
        <StatusBadge color={STATUS_COLORS[job.status] ?? "gray"}>{wordOf(kit.t.transfers.statuses, job.status)}</StatusBadge>
      </div>
      {progress}
    </li>
  );
}

type Broadcast = NonNullable<recentBroadcasts_query$data["recent"]>["nodes"][number];

const COLORS: Record<BroadcastStatus, string> = {
  DRAFT: "gray",
  SCHEDULED: "brand",
  PREPARING: "brand",
  SENDING: "brand",
  PAUSED: "yellow",
  COMPLETED: "teal",
  CANCELLED: "gray",
  FAILED: "red",
};

/** The newest broadcasts, each with what became of its messages. */
export function Broadcasts({ kit, broadcasts }: { kit: Kit; broadcasts: readonly Broadcast[] }) {
  const t = kit.t.home.broadcasts;
  return (
    <HomeCard kit={kit} title={t.title} all="/broadcasts">
      {broadcasts.length === 0 && <Words isDimmed>{t.none}</Words>}
      <ul className={classes.lines}>
        {broadcasts.map((broadcast) => (
          <BroadcastLine key={broadcast.id} kit={kit} broadcast={broadcast} />
        ))}
      </ul>
    </HomeCard>
  );
}

function BroadcastLine({ kit, broadcast }: { kit: Kit; broadcast: Broadcast }) {
  const t = kit.t.home.broadcasts;
  const { counts, status } = broadcast;
  const arrived = counts.delivered + counts.read;
  const gone = counts.sent + arrived;
  const failed = counts.failed + counts.unconfirmed;
  const total = gone + counts.pending + counts.sending + failed + counts.skipped;
  const percent = (count: number) => (100 * count) / total;
  return (
    <li>
      <div className={classes.lineHead}>
        <div className={classes.name} data-whole="">
          <kit.Link path={`/broadcasts/${broadcast.id}`} strong>
            {broadcast.name}
          </kit.Link>
        </div>
        <StatusBadge color={COLORS[status]}>{t.statuses[status]}</StatusBadge>
      </div>
      {total > 0 && (
        <>
          <div className={classes.bar}>
            <Bar
              isSmall
              parts={[
                { percent: percent(counts.read), color: "teal-8" },
                { percent: percent(counts.delivered), color: "teal-5" },
                { percent: percent(counts.sent), color: "brand-4" },
                { percent: percent(failed), color: "red-6" },
              ]}
            />
          </div>
          <Words isSmall isDimmed>
            {t.counts({ total, gone, arrived, read: counts.read, failed })}
          </Words>
        </>
      )}
      <Words isSmall isDimmed>
        {broadcast.startedAt ? t.started : broadcast.scheduledAt ? t.scheduled : t.created}{" "}
        <kit.Moment at={broadcast.startedAt ?? broadcast.scheduledAt ?? broadcast.createdAt} />
      </Words>
    </li>
  );
}

type MovedSegment = NonNullable<movedSegments_query$data["moved"]>["nodes"][number];

/** The segments whose size changed most in a week, each with how it went. */
export function Moved({ kit, segments }: { kit: Kit; segments: readonly MovedSegment[] }) {
  const t = kit.t.home.segments;
  return (
    <HomeCard kit={kit} title={t.title} all="/segments">
      {segments.length === 0 && <Words isDimmed>{t.none}</Words>}
      <ul className={classes.lines} data-close>
        {segments.map(({ id, name, memberCount, trend }) => {
          const change = memberCount - (trend[0] ?? memberCount);
          return (
            <li key={id} className={classes.moved}>
              <div className={classes.name} data-whole="">
                <kit.Link path={`/segments/${id}`} strong>
                  {name}
                </kit.Link>
              </div>
              <Sparkline values={trend} label={t.trend(trend[0] ?? 0, memberCount)} />
              <div className={classes.numbers}>
                <Words as="span" isStrong>
                  {formatNumber(memberCount)}
                </Words>
                <Words as="span" isSmall isDimmed title={t.week}>
                  {change === 0 ? "±0" : formatDifference(change)}
                </Words>
              </div>
            </li>
          );
        })}
      </ul>
    </HomeCard>
  );
}
