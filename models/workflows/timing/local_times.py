"""Local times in zones whose clocks change.

A local time that does not exist is the first instant after it; one that comes twice is the first of the two.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from models.rules.duration import Duration
from models.rules.thresholds import Threshold, first_instant, instant_of

EARLIEST: Final = datetime(300, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9700, 1, 1, tzinfo=UTC)
"""Between them every duration of the rule language can be added and subtracted."""

EVERY_DAY: Final = frozenset(range(1, 8))
"""Weekdays as ISO counts them: Monday is 1."""

MIDNIGHT: Final = time()


def clamped(moment: datetime) -> datetime:
    return min(max(moment, EARLIEST), LATEST)


def wall_of(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of the zone show, without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None)


def instant_at(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the clocks of the zone show `at` on this day."""
    return first_instant(datetime.combine(day, at), zone)


def shifted(moment: datetime, duration: Duration, zone: ZoneInfo, *, back: bool = False) -> datetime:
    """As in rules: months by the zone's calendar, then days of 24 hours and seconds."""
    return instant_of(Threshold(duration, past=back), clamped(moment), zone)


def next_local_time(
    moment: datetime, zone: ZoneInfo, at: time | None = None, weekdays: Collection[int] | None = None
) -> datetime:
    """The first instant, not before `moment`, of local time `at` on one of the weekdays.

    Without `at`: `moment` itself when its day is one of them, else the start of the next such day.
    """
    allowed = EVERY_DAY if weekdays is None else frozenset(weekdays)
    local = wall_of(clamped(moment), zone)
    if at is None and local.isoweekday() in allowed:
        return moment
    day = local.date() - timedelta(days=1)
    while True:
        if day.isoweekday() in allowed:
            found = instant_at(day, at or MIDNIGHT, zone)
            if found >= moment:
                return found
        day += timedelta(days=1)
