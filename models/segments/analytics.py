"""Members, entries and exits of segments: from the log while it is kept, before that from daily sums (`write_days`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from models import clock, db
from models.errors import Invalid, LimitExceeded
from permissions.principal import Scope

MAX_POINTS = 1_000

MAX_TREND_DAYS = 366

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""Before it, time zone arithmetic may leave Python's calendar."""

SETTLED = timedelta(hours=1)
"""After this no open transaction logs changes of the day."""


class AnalyticsInterval(StrEnum):
    """Days begin at midnight in the workspace's time zone, weeks on Monday."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


@dataclass(frozen=True, slots=True)
class Point:
    """An interval from `at` on. `members`: at its end, or now."""

    at: datetime
    members: int
    entered: int
    left: int


@dataclass(frozen=True, slots=True)
class Analytics:
    points: Sequence[Point]
    entered: int
    left: int


# ---------------------------------------------------------------- the calendar


def edges(start: datetime, end: datetime, interval: AnalyticsInterval, zone: ZoneInfo) -> list[datetime]:
    """The beginnings of the intervals that touch [start, end), and the last end. Raises LimitExceeded at `interval`."""
    found = [_beginning(start, interval, zone)]
    while found[-1] < end:
        if len(found) > MAX_POINTS:
            raise LimitExceeded(
                f"from `from` to `to` there are more than {MAX_POINTS:,} intervals: ask for less time, or longer intervals",
                ("interval",),
            )
        found.append(_next(found[-1], interval, zone))
    return found


def _beginning(instant: datetime, interval: AnalyticsInterval, zone: ZoneInfo) -> datetime:
    local = instant.astimezone(zone)
    if interval is AnalyticsInterval.HOUR:
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    day = local.date()
    if interval is AnalyticsInterval.WEEK:
        day -= timedelta(days=day.weekday())
    elif interval is AnalyticsInterval.MONTH:
        day = day.replace(day=1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _next(beginning: datetime, interval: AnalyticsInterval, zone: ZoneInfo) -> datetime:
    if interval is AnalyticsInterval.HOUR:
        return _next_hour(beginning, zone)
    day = beginning.astimezone(zone).date()
    if interval is AnalyticsInterval.MONTH:
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    else:
        day += timedelta(days=1 if interval is AnalyticsInterval.DAY else 7)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _next_hour(beginning: datetime, zone: ZoneInfo) -> datetime:
    """Where clocks change by half an hour, hours have 90 or 30 minutes."""
    following = beginning + timedelta(hours=1)
    found = _beginning(following, AnalyticsInterval.HOUR, zone)
    if found > beginning:
        return found
    return _beginning(following + timedelta(minutes=30), AnalyticsInterval.HOUR, zone)


# ---------------------------------------------------------------- the answer


async def for_each(
    scope: Scope, segment_ids: Sequence[int], start: datetime, end: datetime, interval: AnalyticsInterval
) -> dict[int, Analytics]:
    """Up to the current interval.

    Raises Invalid at `from` or `to`, LimitExceeded at `interval`, or at `from` for hours whose log is no longer kept.
    """
    if start < EARLIEST:
        raise Invalid(f"`from` lies before the year {EARLIEST.year}: there are no segments so early", ("from",))
    if end <= start:
        raise Invalid("`to` must be later than `from`: the points lie in [from, to)", ("to",))
    end = min(end, clock.now())
    if end < start:
        return dict.fromkeys(segment_ids, Analytics((), 0, 0))
    borders = edges(start, max(end, start + timedelta(microseconds=1)), interval, ZoneInfo(scope.timezone))
    log_from = await _log_from(scope, borders[0], interval)
    rows = await _changes(scope, segment_ids, borders, log_from)
    return {segment_id: _analytics(borders, rows.get(segment_id, {})) for segment_id in segment_ids}


async def trends(scope: Scope, segment_ids: Sequence[int], days: int) -> dict[int, list[int]]:
    """How many members there were at the end of each of the last `days` days; the last is today, now. Raises LimitExceeded."""
    if not 1 <= days <= MAX_TREND_DAYS:
        raise LimitExceeded(f"`days` is {days}: ask for 1 to {MAX_TREND_DAYS}", ("days",))
    until = clock.now() + timedelta(microseconds=1)
    by_id = await for_each(scope, segment_ids, days_ago(scope, days - 1), until, AnalyticsInterval.DAY)
    return {segment_id: [point.members for point in found.points] for segment_id, found in by_id.items()}


def days_ago(scope: Scope, days: int) -> datetime:
    """Returns when the day began that was `days` days before today, in the workspace's time zone."""
    zone = ZoneInfo(scope.timezone)
    return datetime.combine(clock.now().astimezone(zone).date() - timedelta(days=days), time(), zone).astimezone(UTC)


_Counts = dict[int, tuple[int, int, int]]
"""By bucket: members before the first border (in bucket 0 only), entries, exits."""


def _analytics(borders: Sequence[datetime], counts: _Counts) -> Analytics:
    before, entered, left = counts.get(0, (0, 0, 0))
    members = before + entered - left
    points = []
    for bucket, at in enumerate(borders[:-1], start=1):
        _, entered, left = counts.get(bucket, (0, 0, 0))
        members += entered - left
        points.append(Point(at, members, entered, left))
    return Analytics(points, sum(point.entered for point in points), sum(point.left for point in points))


async def _log_from(scope: Scope, first: datetime, interval: AnalyticsInterval) -> datetime:
    """Returns from when the log is read, and no longer the written days."""
    row = await db.fetch_row(_KNOWN, scope.workspace_id)
    written_until = (row and row["until"]) or _NEVER
    if interval is not AnalyticsInterval.HOUR:
        return written_until
    first_day = _beginning(first, AnalyticsInterval.DAY, ZoneInfo(scope.timezone))
    if row is not None and row["kept_from"] is not None and first_day < row["kept_from"]:
        raise LimitExceeded(
            f"changes are kept one by one since {row['kept_from']:%Y-%m-%d %H:%M} UTC: ask for later hours, or for days",
            ("from",),
        )
    return min(written_until, first_day)


_NEVER = datetime.min.replace(year=2, tzinfo=UTC)

# kept_from: since when a shortened log is complete. With nothing left of it, nothing happened since the last written day.
_KNOWN = """
    SELECT (SELECT until FROM segment_days_written WHERE workspace_id = $1) AS until,
           CASE WHEN h.floor > 0 THEN coalesce(
               (SELECT at FROM membership_appends a WHERE a.workspace_id = $1 AND a.position > h.floor
                ORDER BY position LIMIT 1),
               (SELECT max(ends_at) FROM segment_days WHERE workspace_id = $1)) END AS kept_from
    FROM (SELECT coalesce(max(floor), 0) AS floor FROM membership_heads WHERE workspace_id = $1) AS h
    WHERE h.floor > 0 OR EXISTS (SELECT FROM segment_days_written WHERE workspace_id = $1)
"""


async def _changes(
    scope: Scope, segment_ids: Sequence[int], borders: Sequence[datetime], log_from: datetime
) -> dict[int, _Counts]:
    days_from = min(log_from, borders[0])
    rows = await db.fetch(
        _CHANGES, scope.workspace_id, list(segment_ids), list(borders), borders[-1], log_from, days_from
    )
    found: dict[int, _Counts] = {}
    for segment_id, bucket, members, entered, left in rows:
        found.setdefault(segment_id, {})[bucket] = (members, entered, left)
    return found


# A day counts for the bucket in which it begins.
_CHANGES = """
    SELECT segment_id, bucket, sum(members)::bigint, sum(entered)::bigint, sum("left")::bigint FROM (
        (SELECT DISTINCT ON (segment_id) segment_id, 0 AS bucket, members, 0::bigint AS entered, 0::bigint AS "left"
         FROM segment_days WHERE workspace_id = $1 AND segment_id = ANY ($2) AND ends_at <= $6
         ORDER BY segment_id, starts_at DESC)
        UNION ALL
        SELECT segment_id, width_bucket(starts_at, $3::timestamptz[]), 0, entered, "left"
        FROM segment_days
        WHERE workspace_id = $1 AND segment_id = ANY ($2) AND ends_at > $6 AND ends_at <= $5 AND starts_at < $4
        UNION ALL
        SELECT segment_id, width_bucket(at, $3::timestamptz[]), 0, (kind = 'ENTERED')::int, (kind = 'LEFT')::int
        FROM membership_changes
        WHERE workspace_id = $1 AND segment_id = ANY ($2) AND at >= $5 AND at < $4
    ) AS counts (segment_id, bucket, members, entered, "left")
    GROUP BY segment_id, bucket
"""


# ---------------------------------------------------------------- written days


async def unwritten() -> list[int]:
    rows = await db.fetch(
        """
        /* all workspaces */ SELECT w.id FROM workspaces w LEFT JOIN segment_days_written d ON d.workspace_id = w.id
        WHERE coalesce(d.until, w.created_at) < $1 ORDER BY w.id
        """,
        clock.now() - SETTLED - timedelta(days=1),
    )
    return [row["id"] for row in rows]


async def write_days(scope: Scope) -> datetime:
    """Safe to run twice, also at once."""
    async with db.transaction():
        await db.advisory_lock(f"muster:segment-days:{scope.workspace_id}")
        zone = ZoneInfo(scope.timezone)
        row = await db.fetch_row(_WRITTEN, scope.workspace_id)
        assert row is not None
        until = row["until"] or _beginning(row["created_at"], AnalyticsInterval.DAY, zone)
        midnights = _midnights(until, clock.now() - SETTLED, zone)
        if len(midnights) > 1:
            await db.execute(_WRITE_DAYS, scope.workspace_id, midnights, midnights[0], midnights[-1])
            await db.execute(_WRITE_UNTIL, scope.workspace_id, midnights[-1])
    return midnights[-1]


def _midnights(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    found = [start]
    while (following := _next(found[-1], AnalyticsInterval.DAY, zone)) <= end:
        found.append(following)
    return found


_WRITTEN = """
    SELECT d.until, w.created_at FROM workspaces w LEFT JOIN segment_days_written d ON d.workspace_id = $1 WHERE w.id = $1
"""

_WRITE_DAYS = """
    INSERT INTO segment_days (workspace_id, segment_id, starts_at, ends_at, members, entered, "left")
    SELECT $1, day.segment_id, ($2::timestamptz[])[day.index], ($2::timestamptz[])[day.index + 1],
           coalesce(before.members, 0) + sum(day.entered - day."left") OVER (PARTITION BY day.segment_id ORDER BY day.index),
           day.entered, day."left"
    FROM (
        SELECT segment_id, width_bucket(at, $2::timestamptz[]) AS index,
               count(*) FILTER (WHERE kind = 'ENTERED') AS entered, count(*) FILTER (WHERE kind = 'LEFT') AS "left"
        FROM membership_changes WHERE workspace_id = $1 AND at >= $3 AND at < $4
        GROUP BY 1, 2
    ) AS day
    LEFT JOIN LATERAL (
        SELECT members FROM segment_days d WHERE d.workspace_id = $1 AND d.segment_id = day.segment_id
        ORDER BY d.starts_at DESC LIMIT 1
    ) AS before ON true
    ON CONFLICT DO NOTHING
"""

_WRITE_UNTIL = """
    INSERT INTO segment_days_written (workspace_id, until) VALUES ($1, $2)
    ON CONFLICT (workspace_id) DO UPDATE SET until = excluded.until
"""
