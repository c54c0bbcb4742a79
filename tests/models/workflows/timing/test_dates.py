"""Dates of contacts: each value comes in exactly the period that an index finds it in."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from models.rules.duration import Duration
from models.workflows.timing.dates import (
    DateRule,
    days_between,
    days_of_year,
    instants_between,
    next_occurrence,
    occurs_at,
)
from tests.kit.worlds import ZONES

MADRID = ZoneInfo("Europe/Madrid")

OFFSETS = st.sampled_from(
    [Duration(), Duration(days=3), Duration(months=1), Duration(months=13, days=2), Duration(seconds=5400)]
)
RULES = st.builds(
    DateRule, OFFSETS, st.booleans(), st.just(False), st.sampled_from([None, time(), time(2, 30), time(10)])
)
BIRTHDAYS = st.builds(DateRule, OFFSETS, st.booleans(), st.just(True), st.sampled_from([None, time(2, 30), time(10)]))
INSTANTS = st.integers(0, 3 * 366 * 86_400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
DAYS = st.dates(date(2023, 12, 1), date(2027, 1, 1))


def madrid(text):
    return datetime.fromisoformat(text).replace(tzinfo=MADRID)


def test_three_days_after_an_instant_and_at_ten_on_that_day():
    bought = madrid("2026-11-03T15:00")
    assert occurs_at(bought, DateRule(Duration(days=3)), MADRID) == madrid("2026-11-06T15:00")
    assert occurs_at(bought, DateRule(Duration(days=3), at=time(10)), MADRID) == madrid("2026-11-06T10:00")


def test_a_week_before_a_day_begins_at_midnight():
    assert occurs_at(date(2026, 11, 8), DateRule(Duration(days=7), before=True), MADRID) == madrid("2026-11-01T00:00")


def test_who_was_born_on_29_february_has_a_birthday_each_year():
    rule, at = DateRule(yearly=True, at=time(10)), madrid("2025-01-01T00:00")
    found = []
    for _ in range(4):
        at = next_occurrence(date(2000, 2, 29), rule, MADRID, at)
        found.append(at.astimezone(MADRID).date().isoformat())
    assert found == ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
    assert days_of_year(date(2027, 2, 28)) == (228, 229)
    assert days_of_year(date(2028, 2, 28)) == (228,)


def test_no_anniversary_comes_before_the_day_itself():
    rule = DateRule(yearly=True)
    assert next_occurrence(date(2028, 5, 1), rule, MADRID, madrid("2026-01-01T00:00")) == madrid("2028-05-01T00:00")


def test_a_date_that_is_over_does_not_come_again():
    assert next_occurrence(date(2026, 5, 1), DateRule(), MADRID, madrid("2026-05-01T00:00")) is None


def test_values_at_the_ends_of_the_calendar_have_an_instant():
    for value in (date.min, date.max, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        for before in (True, False):
            assert occurs_at(value, DateRule(Duration(months=2400), before), ZoneInfo("Asia/Tokyo")).tzinfo is UTC


@settings(max_examples=150, deadline=None)
@given(RULES, st.sampled_from(ZONES), INSTANTS, st.lists(st.integers(1, 50 * 3600), min_size=3, max_size=3), st.data())
def test_an_instant_comes_in_the_period_that_it_is_found_in(rule, zone_name, since, steps, data):
    zone = ZoneInfo(zone_name)
    value = occurs_at(since, DateRule(rule.offset, not rule.before), zone) + timedelta(
        microseconds=data.draw(st.integers(-(10**11), 2 * 10**11))
    )
    moments = [since]
    for step in steps:
        moments.append(moments[-1] + timedelta(seconds=step))
    for begins, ends in pairwise(moments):
        found = instants_between(rule, begins, ends, zone)
        assert (found.after < value <= found.until) == (begins < occurs_at(value, rule, zone) <= ends)


@settings(max_examples=150, deadline=None)
@given(RULES, st.sampled_from(ZONES), INSTANTS, st.integers(1, 90 * 3600), DAYS)
def test_a_day_comes_in_the_period_that_it_is_found_in(rule, zone_name, since, seconds, day):
    zone, now = ZoneInfo(zone_name), since + timedelta(seconds=seconds)
    found = days_between(rule, since, now, zone)
    own = day_near(day, found)
    assert (own in list(found.days())) == (since < occurs_at(own, rule, zone) <= now)


def day_near(day, found):
    """Days at the edges are more interesting than random ones."""
    return (found.until, found.after, found.until + timedelta(days=1), day)[day.day % 4]


@settings(max_examples=100, deadline=None)
@given(
    BIRTHDAYS,
    st.sampled_from(ZONES),
    INSTANTS,
    st.integers(1, 400 * 86_400),
    st.dates(date(1999, 1, 1), date(2026, 1, 1)),
)
def test_an_anniversary_comes_on_the_days_that_it_is_found_on(rule, zone_name, since, seconds, born):
    zone, now = ZoneInfo(zone_name), since + timedelta(seconds=seconds)
    by_index = [
        day
        for day in days_between(rule, since, now, zone).days()
        if born.month * 100 + born.day in days_of_year(day) and born <= day
    ]
    one_by_one, at = 0, since
    while (found := next_occurrence(born, rule, zone, at)) is not None and found <= now:
        one_by_one, at = one_by_one + 1, found
    assert len(by_index) == one_by_one
