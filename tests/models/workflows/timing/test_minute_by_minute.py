"""Local times and windows around every kind of clock change, against clocks that are looked at each minute."""

from datetime import UTC, datetime, time, timedelta
from random import Random
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from models.workflows.timing import windows
from models.workflows.timing.local_times import instant_at, next_local_time
from tests.models.workflows.timing.minutes import MINUTE, Minutes, changes

HOURS = 11 * 24


@pytest.fixture(scope="module")
def periods():
    """Eleven days around each different change of clocks in the world, which begin two days before it."""
    return [Minutes(ZoneInfo(name), hour - timedelta(days=2, hours=hour.hour % 5), HOURS) for name, hour in changes()]


def near_the_change(period, random):
    """A minute of the third day; half of them on the quarter of an hour."""
    index = 2 * 24 * 60 + random.randrange(-5 * 60, 8 * 60)
    return period.instants[index - index % 15 if random.random() < 0.5 else index]


def test_there_are_changes_of_half_an_hour_and_at_midnight(periods):
    names = {name for name, _ in changes()}
    assert len(periods) > 25
    assert {"Australia/Lord_Howe", "Africa/Cairo"} <= names or len(names) > 15


def test_a_local_time_is_the_first_minute_at_which_clocks_show_it_or_a_later_one(periods):
    random = Random(1)
    for period in periods:
        for _ in range(25):
            shown = near_the_change(period, random).astimezone(period.zone).replace(tzinfo=None)
            wall = shown + MINUTE * random.randrange(-90, 90)
            assert instant_at(wall.date(), wall.time(), period.zone) == period.shows(wall), (period.zone, wall)


def test_the_next_local_time_on_a_weekday(periods):
    random = Random(2)
    for period in periods:
        for _ in range(12):
            moment = near_the_change(period, random)
            at = (moment.astimezone(period.zone) + MINUTE * random.randrange(-120, 120)).time().replace(fold=0)
            weekdays = random.sample(range(1, 8), random.choice([1, 2, 7]))
            assert next_local_time(moment, period.zone, at, weekdays) == next_by_minutes(period, moment, at, weekdays)


def next_by_minutes(period, moment, at, weekdays):
    days = sorted({wall.date() for wall in period.walls})
    for day in days[1:-1]:
        if day.isoweekday() in weekdays and (found := period.shows(datetime.combine(day, at))) >= moment:
            return found
    raise AssertionError("the period is too short")


def test_without_a_time_a_day_that_is_one_of_them_has_begun(periods):
    random = Random(3)
    for period in periods:
        moment = near_the_change(period, random)
        weekday = random.randrange(1, 8)
        expected = period.first(moment, lambda wall, weekday=weekday: wall.isoweekday() == weekday)
        assert next_local_time(moment, period.zone, None, [weekday]) == expected


# ---------------------------------------------------------------- windows


def is_open_by_hand(window, wall):
    """Goes back through the minutes of the day to the last opening."""
    if window.opens < window.closes:
        opened = wall.date() if window.opens <= wall.time() < window.closes else None
    elif wall.time() >= window.opens:
        opened = wall.date()
    else:
        opened = wall.date() - timedelta(days=1) if wall.time() < window.closes else None
    return opened is not None and opened.isoweekday() in window.weekdays and opened not in window.except_days


def random_window(period, random):
    moment = near_the_change(period, random)
    opens = moment.astimezone(period.zone).time().replace(fold=0)
    closes = (
        (moment.astimezone(period.zone) + MINUTE * random.choice([0, 10, 45, 60, 200, 900, 1380]))
        .time()
        .replace(fold=0)
    )
    days = sorted({wall.date() for wall in period.walls})
    return SimpleNamespace(
        opens=opens,
        closes=closes,
        weekdays=random.sample(range(1, 8), random.choice([3, 6, 7])),
        except_days=random.sample(days, random.choice([0, 0, 1])),
    )


def test_a_window_opens_and_closes_by_the_clocks_of_the_zone(periods):
    random = Random(4)
    for period in periods:
        for _ in range(6):
            window, moment = random_window(period, random), near_the_change(period, random)
            opens = period.first(moment, lambda wall, window=window: is_open_by_hand(window, wall))
            closes = period.first(moment, lambda wall, window=window: not is_open_by_hand(window, wall))
            told = (period.zone, window, moment)
            if opens is not None:
                assert windows.opens_at(window, moment, period.zone) == opens, told
            if closes is not None and windows.is_open(window, moment, period.zone):
                assert windows.closes_at(window, moment, period.zone) == closes, told


def test_a_window_without_days_left_never_opens():
    day = datetime(2026, 11, 27, 12, tzinfo=UTC)
    excepted = [(day + timedelta(days=index)).date() for index in range(3)]
    window = SimpleNamespace(opens=time(9), closes=time(18), weekdays=[], except_days=excepted)
    assert windows.opens_at(window, day, ZoneInfo("UTC")) is None


def test_a_window_that_is_always_open_stays_so():
    window = SimpleNamespace(opens=time(), closes=time(), weekdays=range(1, 8), except_days=[])
    assert windows.closes_at(window, datetime(2026, 11, 27, tzinfo=UTC), ZoneInfo("Europe/Madrid")) is None
