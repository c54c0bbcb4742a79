from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from models.rules.duration import Duration
from models.workflows.timing.waits import Until, after

KOLKATA = ZoneInfo("Asia/Kolkata")
MADRID = ZoneInfo("Europe/Madrid")


def kolkata(text):
    return datetime.fromisoformat(text).replace(tzinfo=KOLKATA)


def test_monday_at_nine_in_the_contact_s_zone_east_of_utc():
    until = Until(local_time=time(9), weekdays=(1,))
    assert until.of(kolkata("2026-11-28T02:00"), KOLKATA) == kolkata("2026-11-30T09:00")
    assert until.of(kolkata("2026-11-30T09:00"), KOLKATA) == kolkata("2026-11-30T09:00")
    assert until.of(kolkata("2026-11-30T09:01"), KOLKATA) == kolkata("2026-12-07T09:00")


def test_three_days_after_a_purchase_then_at_ten():
    until = Until(Duration(days=3), time(10))
    assert until.of(kolkata("2026-11-03T15:00"), KOLKATA) == kolkata("2026-11-07T10:00")
    assert until.of(date(2026, 11, 3), KOLKATA) == kolkata("2026-11-06T10:00")


def test_an_instant_alone_is_that_instant():
    at = datetime(2026, 12, 24, 17, tzinfo=UTC)
    assert Until().of(at, KOLKATA) == at


def test_a_wait_of_a_month_keeps_the_hour_and_one_of_24_hours_does_not():
    begins = datetime.fromisoformat("2026-10-24T10:00").replace(tzinfo=MADRID)
    assert after(begins, Duration(months=1), MADRID).astimezone(MADRID).hour == 10
    assert after(begins, Duration(days=1), MADRID).astimezone(MADRID).hour == 9
