"""The instant or day of "30 days ago" in a time zone.

A threshold never moves back, even when clocks do, so each value crosses it once.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.rules.duration import Duration

Days = tuple[int, int]
"""Days of the year, inclusive, as month * 100 + day. Empty when the first is greater."""

NO_DAYS: Days = (1, 0)
ALL_DAYS: Days = (101, 1231)


NOTHING = Duration()


@dataclass(frozen=True, slots=True)
class Threshold:
    duration: Duration = NOTHING
    past: bool = False


NOW = Threshold()


# ---------------------------------------------------------------- days


def today(now: datetime, zone: ZoneInfo) -> date:
    """The day does not repeat when clocks go back over midnight."""
    return _wall(now, zone).date()


def day_of(threshold: Threshold, now: datetime, zone: ZoneInfo) -> date:
    """The day of the threshold, at most the last of its month."""
    return day_away(threshold, today(now, zone))


def day_away(threshold: Threshold, start: date) -> date:
    """The day of the threshold when `start` is today."""
    sign = -1 if threshold.past else 1
    year, month = _month_away(start, sign * threshold.duration.months)
    moved = date(year, month, min(start.day, _days_in(year, month)))
    return moved + sign * timedelta(days=threshold.duration.days)


def days_round(first: date, last: date) -> tuple[Days, Days]:
    """The days of the year, as two ranges: the period may include New Year.

    Without 29 February, that anniversary is the 28th.
    """
    if first > last:
        return NO_DAYS, NO_DAYS
    start, end = first.month * 100 + first.day, last.month * 100 + last.day
    whole_year = last.year > first.year + 1 or (last.year > first.year and end >= start)
    if whole_year:
        return ALL_DAYS, NO_DAYS
    if end == 228 and _days_in(last.year, 2) == 28:
        end = 229
    return ((start, end), NO_DAYS) if first.year == last.year else ((start, 1231), (101, end))


# ---------------------------------------------------------------- instants


def instant_of(threshold: Threshold, now: datetime, zone: ZoneInfo) -> datetime:
    """In UTC: months by the zone's calendar, at most the end of the month, then days of 24 hours and seconds."""
    sign = -1 if threshold.past else 1
    moved = now.astimezone(UTC)
    if threshold.duration.months:
        moved = first_instant(_wall_away(_wall(moved, zone), sign * threshold.duration.months), zone)
    return moved + sign * threshold.duration.elapsed


def _wall_away(wall: datetime, months: int) -> datetime:
    year, month = _month_away(wall, months)
    if wall.day <= _days_in(year, month):
        return wall.replace(year=year, month=month)
    return datetime.combine(date(year, month, _days_in(year, month)) + timedelta(days=1), time())


def _month_away(day: date, months: int) -> tuple[int, int]:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return year, month + 1


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


# ---------------------------------------------------------------- local time without jumps back


def _wall(now: datetime, zone: ZoneInfo) -> datetime:
    """While an hour repeats, local time stays at its end."""
    local = now.astimezone(zone)
    if not local.fold:
        return local.replace(tzinfo=None)
    before, after = _offset(local.replace(fold=0)), _offset(local)
    change = change_of_offset(zone, now.astimezone(UTC) - (before - after), now.astimezone(UTC))
    return (change + before).replace(tzinfo=None)


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant with this local time or a later one."""
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    leapt = instant.astimezone(zone).replace(tzinfo=None) - wall
    return instant if not leapt else change_of_offset(zone, instant - leapt, instant)


def change_of_offset(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """When in (before, after] the offset changed, to the second."""
    old = _offset(before.astimezone(zone))
    low = before.replace(microsecond=0)
    high = after.replace(microsecond=0)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if _offset(middle.astimezone(zone)) == old:
            low = middle
        else:
            high = middle
    return high


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()
