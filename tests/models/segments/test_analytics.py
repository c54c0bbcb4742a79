"""How a segment's membership went: by hour, day, week and month of the workspace's zone, from the log and the written days."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from models import clock, db
from models.accounts import workspaces
from models.errors import Invalid, LimitExceeded
from models.segments import analytics
from models.segments.analytics import AnalyticsInterval, edges
from models.segments.segments import Segment
from permissions.principal import Scope
from tests.kit.segments import static_segment

MADRID = ZoneInfo("Europe/Madrid")
HOUR, DAY, WEEK, MONTH = (AnalyticsInterval(name) for name in ("HOUR", "DAY", "WEEK", "MONTH"))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.fixture
async def scope(database: str) -> Scope:
    made = await workspaces.create("Clinic", timezone="Europe/Madrid")
    await db.execute("UPDATE workspaces SET created_at = '2026-01-01'")
    return made


@pytest.fixture
async def segment(scope: Scope) -> Segment:
    return await static_segment(scope)


async def log(scope: Scope, segment: Segment, *changes: tuple[datetime, int]) -> None:
    """So many entered (or, below zero, left) at these moments."""
    for at, many in changes:
        kind = "ENTERED" if many > 0 else "LEFT"
        await db.execute(
            """
            WITH head AS (
                INSERT INTO membership_heads AS h (workspace_id, position) VALUES ($1, $4::int)
                ON CONFLICT (workspace_id) DO UPDATE SET position = h.position + $4::int RETURNING position
            ), append AS (
                INSERT INTO membership_appends (workspace_id, position, size, append_id, at)
                SELECT $1, position, $4::int, nextval('membership_append_ids'), $5 FROM head RETURNING append_id
            )
            INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
            SELECT $1, append_id, n, $2, n, $3, 'RULE', $5 FROM append, generate_series(1, $4::int) n
            """,
            scope.workspace_id,
            segment.id,
            kind,
            abs(many),
            at,
        )


async def forget_log(scope: Scope, before: datetime) -> None:
    """As the engine does with changes that are no longer kept."""
    older = "FROM membership_appends WHERE workspace_id = $1 AND at < $2"
    floor = await db.fetch_value(f"SELECT coalesce(max(position), 0) {older}", scope.workspace_id, before)
    await db.execute("UPDATE membership_heads SET floor = $2 WHERE workspace_id = $1", scope.workspace_id, floor)
    await db.execute("DELETE FROM membership_changes WHERE workspace_id = $1 AND at < $2", scope.workspace_id, before)
    await db.execute(f"DELETE {older}", scope.workspace_id, before)


async def points(
    scope: Scope, segment: Segment, start: datetime, end: datetime, interval: AnalyticsInterval
) -> list[tuple]:
    found = (await analytics.for_each(scope, [segment.id], start, end, interval))[segment.id]
    assert found.entered == sum(point.entered for point in found.points)
    assert found.left == sum(point.left for point in found.points)
    return [(point.at, point.members, point.entered, point.left) for point in found.points]


# ---------------------------------------------------------------- the calendar


def test_days_begin_at_midnight_of_the_workspace_also_when_the_clocks_change():
    spring = edges(utc(2026, 3, 28, 12), utc(2026, 3, 30), DAY, MADRID)
    assert spring == [utc(2026, 3, 27, 23), utc(2026, 3, 28, 23), utc(2026, 3, 29, 22), utc(2026, 3, 30, 22)]
    autumn = edges(utc(2026, 10, 25, 12), utc(2026, 10, 25, 12, 1), DAY, MADRID)
    assert autumn == [utc(2026, 10, 24, 22), utc(2026, 10, 25, 23)]


def test_a_day_without_midnight_begins_when_the_clocks_jump():
    beirut = ZoneInfo("Asia/Beirut")
    assert edges(utc(2025, 3, 29, 23), utc(2025, 3, 30, 1), DAY, beirut)[:2] == [
        utc(2025, 3, 29, 22),
        utc(2025, 3, 30, 21),
    ]


def test_hours_go_on_one_after_the_other_through_the_change_of_clocks():
    found = edges(utc(2026, 10, 24, 23, 30), utc(2026, 10, 25, 2, 30), HOUR, MADRID)
    assert found == [utc(2026, 10, 24, 23) + timedelta(hours=n) for n in range(5)]


def test_hours_begin_on_the_hour_even_where_clocks_change_by_half_an_hour():
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    autumn = edges(utc(2026, 4, 4, 13, 30), utc(2026, 4, 4, 17), HOUR, lord_howe)
    assert autumn == [utc(2026, 4, 4, 13), utc(2026, 4, 4, 14), *(utc(2026, 4, 4, hour, 30) for hour in (15, 16, 17))]
    spring = edges(utc(2026, 10, 3, 14, 40), utc(2026, 10, 3, 17), HOUR, lord_howe)
    assert [edge.astimezone(lord_howe).strftime("%H:%M") for edge in spring] == ["01:00", "02:30", "03:00", "04:00"]


def test_hours_begin_on_the_hour_of_the_workspace():
    assert edges(utc(2026, 5, 1, 12, 10), utc(2026, 5, 1, 12, 20), HOUR, ZoneInfo("Asia/Kolkata"))[0] == utc(
        2026, 5, 1, 11, 30
    )


def test_weeks_begin_on_monday_and_months_on_the_first():
    assert edges(utc(2026, 5, 7), utc(2026, 5, 12), WEEK, MADRID) == [
        utc(2026, 5, 3, 22),
        utc(2026, 5, 10, 22),
        utc(2026, 5, 17, 22),
    ]
    assert edges(utc(2026, 1, 31), utc(2026, 3, 5), MONTH, MADRID) == [
        utc(2025, 12, 31, 23),
        utc(2026, 1, 31, 23),
        utc(2026, 2, 28, 23),
        utc(2026, 3, 31, 22),
    ]


def test_too_many_points_are_refused():
    assert len(edges(utc(2026, 1, 1), utc(2026, 2, 11, 15), HOUR, MADRID)) == 1000
    with pytest.raises(LimitExceeded):
        edges(utc(2026, 1, 1), utc(2026, 4, 1), HOUR, MADRID)
    with pytest.raises(LimitExceeded):
        edges(utc(1, 1, 2), utc(9999, 1, 1), HOUR, MADRID)


# ---------------------------------------------------------------- from the log


async def test_each_interval_has_entries_exits_and_members_at_its_end(scope, segment):
    await log(
        scope,
        segment,
        (utc(2026, 5, 1, 10), 5),
        (utc(2026, 5, 2, 21, 59), -2),
        (utc(2026, 5, 2, 22), 1),
        (utc(2026, 5, 4, 10), -1),
    )
    assert await points(scope, segment, utc(2026, 5, 2), utc(2026, 5, 5), DAY) == [
        (utc(2026, 5, 1, 22), 3, 0, 2),
        (utc(2026, 5, 2, 22), 4, 1, 0),
        (utc(2026, 5, 3, 22), 3, 0, 1),
        (utc(2026, 5, 4, 22), 3, 0, 0),
    ]
    assert await points(scope, segment, utc(2026, 5, 2, 21), utc(2026, 5, 2, 23), HOUR) == [
        (utc(2026, 5, 2, 21), 3, 0, 2),
        (utc(2026, 5, 2, 22), 4, 1, 0),
    ]
    assert [point[1:] for point in await points(scope, segment, utc(2026, 4, 1), utc(2026, 6, 15), MONTH)] == [
        (0, 0, 0),
        (3, 6, 3),
        (3, 0, 0),
    ]


async def test_the_interval_that_runs_now_is_the_last_one(scope, segment):
    await log(scope, segment, (utc(2026, 5, 3, 10), 2))
    clock.set_source(lambda: utc(2026, 5, 3, 12))
    found = await points(scope, segment, utc(2026, 5, 2), utc(2027, 5, 2), DAY)
    assert found == [(utc(2026, 5, 1, 22), 0, 0, 0), (utc(2026, 5, 2, 22), 2, 2, 0)]
    assert await points(scope, segment, utc(2026, 6, 1), utc(2026, 6, 2), DAY) == []


async def test_from_must_lie_before_to(scope, segment):
    with pytest.raises(Invalid):
        await points(scope, segment, utc(2026, 5, 2), utc(2026, 5, 2), DAY)


async def test_instants_before_all_calendars_are_refused(scope, segment):
    for interval in AnalyticsInterval:
        with pytest.raises(Invalid, match="before the year 1900"):
            await points(scope, segment, utc(1, 1, 1), utc(1, 1, 3), interval)


async def test_several_segments_have_their_own_points(scope, segment):
    other = await static_segment(scope)
    await log(scope, segment, (utc(2026, 5, 1, 10), 5))
    await log(scope, other, (utc(2026, 5, 1, 10), 2))
    found = await analytics.for_each(scope, [segment.id, other.id], utc(2026, 5, 1), utc(2026, 5, 2), DAY)
    assert (found[segment.id].entered, found[other.id].entered) == (5, 2)


# ---------------------------------------------------------------- from the written days


async def test_written_days_remain_when_the_log_is_dropped(scope, segment):
    changes = [(utc(2026, 2, 1) + timedelta(hours=37 * n), 3 if n % 3 else -1) for n in range(1, 60)]
    await log(scope, segment, *changes)
    clock.set_source(lambda: utc(2026, 6, 1, 12))
    asked = [(utc(2026, 1, 20), utc(2026, 5, 20), interval) for interval in (DAY, WEEK, MONTH)]
    asked += [(utc(2026, 3, 10), utc(2026, 5, 2), DAY), (utc(2026, 5, 30), utc(2026, 6, 2), DAY)]
    before = [await points(scope, segment, *one) for one in asked]
    assert await analytics.write_days(scope) == utc(2026, 5, 31, 22)
    assert [await points(scope, segment, *one) for one in asked] == before
    await forget_log(scope, utc(2026, 3, 15, 12))
    assert [await points(scope, segment, *one) for one in asked] == before
    with pytest.raises(LimitExceeded, match="ask for later hours, or for days"):
        await points(scope, segment, utc(2026, 3, 1), utc(2026, 3, 2), HOUR)
    assert (await points(scope, segment, utc(2026, 4, 1), utc(2026, 4, 2), HOUR))[-1][1] > 0


async def test_hours_whose_log_is_dropped_are_refused_even_without_later_changes(scope, segment):
    await log(scope, segment, (utc(2026, 2, 3, 10, 30), 4))
    clock.set_source(lambda: utc(2026, 6, 1, 12))
    await analytics.write_days(scope)
    before_all = utc(2026, 2, 1), utc(2026, 2, 1, 2)
    assert [point[1:] for point in await points(scope, segment, *before_all, HOUR)] == [(0, 0, 0), (0, 0, 0)]
    await forget_log(scope, utc(2026, 3, 1))
    for asked in (before_all, (utc(2026, 2, 3, 10), utc(2026, 2, 3, 12))):
        with pytest.raises(LimitExceeded, match="since 2026-02-03 23:00 UTC"):
            await points(scope, segment, *asked, HOUR)
    assert [point[1:] for point in await points(scope, segment, utc(2026, 2, 4), utc(2026, 2, 4, 1), HOUR)] == [
        (4, 0, 0)
    ]


async def test_writing_days_goes_on_day_by_day_and_twice_changes_nothing(scope, segment):
    random = Random(7)
    moments = sorted(utc(2026, 3, 20) + timedelta(minutes=random.randrange(60 * 24 * 20)) for _ in range(80))
    await log(scope, segment, *((at, random.choice([4, 3, -1])) for at in moments))
    asked = utc(2026, 3, 15), utc(2026, 4, 20), DAY
    right = await points(scope, segment, *asked)
    for day in range(25):
        clock.set_source(lambda day=day: utc(2026, 3, 18, 23, 30) + timedelta(days=day))
        await analytics.write_days(scope)
        await analytics.write_days(scope)
        written = await db.fetch_value("SELECT until FROM segment_days_written")
        clock.set_source(None)
        assert await points(scope, segment, *asked) == right, f"wrong once the days until {written} were written down"
    assert await db.fetch_value("SELECT count(*) FROM segment_days") == sum(
        1 for _, _, entered, left in right if entered or left
    )


async def test_a_day_is_written_only_when_it_has_settled(scope, segment):
    clock.set_source(lambda: utc(2026, 5, 2, 22, 30))
    assert scope.workspace_id in await analytics.unwritten()
    assert await analytics.write_days(scope) == utc(2026, 5, 1, 22)
    assert await analytics.unwritten() == []
    clock.set_source(lambda: utc(2026, 5, 2, 23, 1))
    assert await analytics.unwritten() == [scope.workspace_id]
    assert await analytics.write_days(scope) == utc(2026, 5, 2, 22)


async def test_hours_are_right_around_written_days(scope, segment):
    changes = [(utc(2026, 4, 1) + timedelta(minutes=97 * n), 2 if n % 2 else -1) for n in range(1, 60)]
    await log(scope, segment, *changes)
    clock.set_source(lambda: utc(2026, 4, 10))
    asked = utc(2026, 4, 2, 5, 30), utc(2026, 4, 4, 9), HOUR
    before = await points(scope, segment, *asked)
    await analytics.write_days(scope)
    assert await points(scope, segment, *asked) == before


async def test_a_trend_has_the_members_at_the_end_of_each_day_up_to_now(scope: Scope, segment: Segment) -> None:
    clock.set_source(lambda: utc(2026, 11, 5, 12))
    await log(
        scope,
        segment,
        (utc(2026, 10, 1), 5),
        (utc(2026, 11, 2, 22, 59), 2),  # still the 2nd in Madrid
        (utc(2026, 11, 2, 23, 1), -1),
        (utc(2026, 11, 5, 11), 4),
    )
    other = await static_segment(scope, name="Other")
    assert await analytics.trends(scope, [segment.id, other.id], 4) == {
        segment.id: [7, 6, 6, 10],
        other.id: [0, 0, 0, 0],
    }
    assert len((await analytics.trends(scope, [segment.id], 366))[segment.id]) == 366
    for days in (0, 367):
        with pytest.raises(LimitExceeded):
            await analytics.trends(scope, [segment.id], days)
