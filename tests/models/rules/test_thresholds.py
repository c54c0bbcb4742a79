"""Thresholds, in zones that change their clocks."""

import functools
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.rules.duration import Duration, parse_duration
from models.rules.thresholds import NOW, Threshold, day_of, days_round, instant_of, today
from tests.kit import oracle
from tests.kit.worlds import ZONES

MADRID = ZoneInfo("Europe/Madrid")


def at(text, zone=MADRID):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def ago(text):
    return Threshold(parse_duration(text), past=True)


def ahead(text):
    return Threshold(parse_duration(text))


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P30D", Duration(0, 30, 0)),
        ("P1Y2M3W4DT5H6M7S", Duration(14, 25, 18_367)),
        ("PT15M", Duration(0, 0, 900)),
        ("P0D", Duration()),
        ("P200Y", Duration(2400)),
    ],
)
def test_a_duration_is_months_days_and_seconds(text, duration):
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1", "1D", "P1DT", "P1H", "PT1D", "P-1D", "P1.5D", "p1d", "P１D", "P1D ", "P201Y", "P2400M1D"],
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def test_thirty_days_before_an_instant_are_720_hours_even_when_clocks_turn():
    assert instant_of(ago("P30D"), at("2026-11-10T12:00"), MADRID) == at("2026-10-11T13:00")


def test_a_month_before_an_instant_shows_the_same_clock():
    assert instant_of(ago("P1M"), at("2026-11-10T12:00"), MADRID) == at("2026-10-10T12:00")
    assert instant_of(ahead("P1M"), at("2026-10-10T12:00"), MADRID) == at("2026-11-10T12:00")


def test_a_day_that_the_month_lacks_is_its_last_one():
    assert day_of(ago("P1M"), at("2026-03-31T10:00"), MADRID) == date(2026, 2, 28)
    assert day_of(ago("P1M"), at("2024-03-30T10:00"), MADRID) == date(2024, 2, 29)
    assert day_of(ahead("P1M"), at("2026-01-31T10:00"), MADRID) == date(2026, 2, 28)
    assert day_of(ago("P1Y"), at("2024-02-29T10:00"), MADRID) == date(2023, 2, 28)
    assert instant_of(ago("P1M"), at("2026-03-31T10:00"), MADRID) == at("2026-03-01T00:00")


def test_a_skipped_time_is_the_moment_of_the_change():
    assert instant_of(ago("P1M"), at("2026-04-29T02:30"), MADRID) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_time_that_came_twice_is_the_first():
    assert instant_of(ago("P1M"), at("2026-11-25T02:30"), MADRID) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_today_is_the_zone_s():
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert today(late, MADRID) == date(2026, 11, 22)
    assert today(late, ZoneInfo("America/New_York")) == date(2026, 11, 21)


def test_a_day_does_not_begin_twice():
    """In 2010 St. John's set its clocks back from 00:01 to 23:01 of the day before."""
    zone = ZoneInfo("America/St_Johns")
    assert today(datetime(2010, 11, 7, 2, 30, 30, tzinfo=UTC), zone) == date(2010, 11, 7)
    assert today(datetime(2010, 11, 7, 3, 0, tzinfo=UTC), zone) == date(2010, 11, 7)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("threshold", [NOW, ago("P1M"), ahead("P1M"), ago("P1Y1M3DT7H"), ahead("P2M1D")])
def test_no_threshold_ever_moves_back(zone, threshold):
    """Every 20 minutes around each month's end and each turn of the clocks, and hourly through the year."""
    zone = ZoneInfo(zone)
    start = datetime(2010, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(hours=hour) for hour in range(9_000)]
    turns = [a for a, b in pairwise(moments) if a.astimezone(zone).utcoffset() != b.astimezone(zone).utcoffset()]
    ends = [a for a, b in pairwise(moments) if a.month != b.month]
    near = [moment + timedelta(minutes=20 * step) for moment in turns + ends for step in range(-12, 90)]
    ordered = sorted(moments[::7] + near)
    places = [(instant_of(threshold, moment, zone), day_of(threshold, moment, zone)) for moment in ordered]
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(places))


@settings(max_examples=150)
@given(
    zone=st.sampled_from(ZONES),
    near=st.timedeltas(timedelta(hours=-30), timedelta(hours=30)),
    turn=st.integers(0, 9),
    months=st.integers(0, 14),
    rest=st.tuples(st.integers(0, 40), st.integers(0, 90_000)),
    past=st.booleans(),
    arrives=st.booleans(),
)
def test_a_threshold_lies_where_a_wall_clock_says(zone, near, turn, months, rest, past, arrives):
    """Looking from near a turn of the clocks, or (`arrives`) to near one. The oracle tries minute by minute."""
    turns, zone, sign = turns_of(zone), ZoneInfo(zone), -1 if past else 1
    now = turns[turn % len(turns)] + near
    if arrives:
        year, month = divmod(now.year * 12 + now.month - 1 - sign * months, 12)
        now = now.replace(year=year, month=month + 1, day=min(now.day, 28))
    days, seconds = rest
    elapsed = sign * timedelta(days=days, seconds=seconds)
    threshold = Threshold(Duration(months, days, seconds), past)
    assert instant_of(threshold, now, zone) == oracle.instant_line(now, zone, sign * months, elapsed)
    threshold = Threshold(Duration(months, days), past)
    assert day_of(threshold, now, zone) == oracle.day_line(now, zone, sign * months, sign * days)


@functools.cache
def turns_of(zone):
    """When the clocks of a zone are turned, to the hour: in some years of the past, of now, and of the time to come."""
    starts = [datetime(year, 1, 1, tzinfo=UTC) for year in (2010, 2011, 2026, 2035)]
    hours = [[start + timedelta(hours=hour) for hour in range(366 * 24)] for start in starts]
    offsets = [[(hour, hour.astimezone(ZoneInfo(zone)).utcoffset()) for hour in year] for year in hours]
    turns = [one[0] for year in offsets for one, other in pairwise(year) if one[1] != other[1]]
    return turns or [datetime(2024, 2, 29, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("first", "last", "stretches"),
    [
        ("2026-05-01", "2026-05-01", ((501, 501), (1, 0))),
        ("2026-12-30", "2027-01-02", ((1230, 1231), (101, 102))),
        ("2026-02-27", "2026-02-28", ((227, 229), (1, 0))),
        ("2028-02-27", "2028-02-28", ((227, 228), (1, 0))),
        ("2026-05-02", "2026-05-01", ((1, 0), (1, 0))),
        ("2026-05-01", "2027-05-01", ((101, 1231), (1, 0))),
        ("2024-02-29", "2025-02-28", ((229, 1231), (101, 229))),
        ("2026-05-01", "2030-01-01", ((101, 1231), (1, 0))),
    ],
)
def test_the_days_of_a_period_that_comes_every_year(first, last, stretches):
    assert days_round(date.fromisoformat(first), date.fromisoformat(last)) == stretches
