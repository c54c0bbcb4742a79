from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.workflows.timing.recurrences import next_recurrence, read_recurrence

MADRID = ZoneInfo("Europe/Madrid")
BEGINS = datetime(2026, 3, 2, 12, 30, 40, tzinfo=UTC)


def times(text, count, begins=BEGINS, after=None, zone=MADRID):
    """Local times of the next occurrences."""
    found, at = [], after or begins
    while len(found) < count and (at := next_recurrence(read_recurrence(text), begins, at, zone)) is not None:
        found.append(at.astimezone(zone).strftime("%m-%d %H:%M"))
    return found


def test_every_friday_at_ten_stays_at_ten_when_clocks_change():
    found = times("RRULE:FREQ=WEEKLY;BYDAY=FR;BYHOUR=10;BYMINUTE=0", 5)
    assert found == ["03-06 10:00", "03-13 10:00", "03-20 10:00", "03-27 10:00", "04-03 10:00"]


def test_a_time_that_is_jumped_over_is_the_first_one_after():
    assert times("FREQ=DAILY;BYHOUR=2;BYMINUTE=30", 2, after=datetime(2026, 3, 28, 12, tzinfo=UTC)) == [
        "03-29 03:00",
        "03-30 02:30",
    ]


def test_every_hour_comes_once_when_clocks_go_back_and_when_they_jump():
    assert times("FREQ=HOURLY;BYMINUTE=0", 4, after=datetime(2026, 10, 24, 22, 30, tzinfo=UTC)) == [
        "10-25 01:00",
        "10-25 02:00",
        "10-25 03:00",
        "10-25 04:00",
    ]
    assert times("FREQ=HOURLY;BYMINUTE=0", 3, after=datetime(2026, 3, 28, 23, 30, tzinfo=UTC)) == [
        "03-29 01:00",
        "03-29 03:00",
        "03-29 04:00",
    ]


def test_it_is_counted_from_its_begin_and_ends():
    assert times("FREQ=DAILY;INTERVAL=3;COUNT=3", 9, after=BEGINS - timedelta(seconds=41)) == [
        "03-02 13:30",
        "03-05 13:30",
        "03-08 13:30",
    ]
    assert times("FREQ=DAILY;UNTIL=20260304", 9) == ["03-03 13:30", "03-04 13:30"]
    assert times("FREQ=DAILY;UNTIL=20260304T122959Z", 9) == ["03-03 13:30"]
    assert times("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=9;BYMINUTE=0", 1) == ["02-29 09:00"]


def test_the_first_monday_of_a_month_and_the_last_day():
    assert times("FREQ=MONTHLY;BYDAY=1MO;BYHOUR=8;BYMINUTE=0", 2) == ["04-06 08:00", "05-04 08:00"]
    assert times("FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=8;BYMINUTE=0", 2) == ["03-31 08:00", "04-30 08:00"]


def test_one_whose_interval_never_meets_its_days_ends_soon():
    assert times("FREQ=DAILY;INTERVAL=7;BYDAY=SU", 1) == []
    assert times("FREQ=HOURLY;INTERVAL=24;BYHOUR=3", 1) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("every friday", "such as FREQ=WEEKLY"),
        ("DTSTART:20260101T000000\nRRULE:FREQ=DAILY", "without DTSTART"),
        ("FREQ=DAILY;FREQ=DAILY", "such as"),
        ("FREQ=MINUTELY", "FREQ is one of"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a number from 1"),
        ("FREQ=DAILY;COUNT=-1", "COUNT is a number"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL is a day or a time"),
        ("FREQ=DAILY;BYHOUR=25", "hour must be in 0..23"),
        ("FREQ=DAILY;BYDAY=XX", "can be read"),
        ("FREQ=DAILY;BYSECOND=1", "such as"),
        ("FREQ=DAILY;BYHOUR=9;BYMINUTE=0,30", "after an hour at the earliest"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no day and time is like this"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "no day and time is like this"),
        ("FREQ=HOURLY;BYMONTH=2", "let FREQ be DAILY"),
        ("FREQ=DAILY;BYDAY=" + "MO," * 300 + "MO", "such as"),
    ],
)
def test_what_is_no_recurrence_is_refused(text, told):
    with pytest.raises(ValueError, match=told):
        read_recurrence(text)
