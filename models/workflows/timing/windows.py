"""Hours in which messages may be sent."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from models.rules.thresholds import change_of_offset
from models.workflows.timing.local_times import instant_at, wall_of

_DAY: Final = timedelta(days=1)


class Window(Protocol):
    """Local times from `opens` until `closes`, which is on the next day when it is not later than `opens`.

    `weekdays` (Monday is 1) and `except_days` are of the day on which it opens.
    """

    @property
    def opens(self) -> time: ...
    @property
    def closes(self) -> time: ...
    @property
    def weekdays(self) -> Collection[int]: ...
    @property
    def except_days(self) -> Collection[date]: ...


def is_open(window: Window, moment: datetime, zone: ZoneInfo) -> bool:
    wall = wall_of(moment, zone)
    day, at = wall.date(), wall.time()
    if window.opens < window.closes:
        return window.opens <= at < window.closes and _allows(window, day)
    return (at >= window.opens and _allows(window, day)) or (at < window.closes and _allows(window, day - _DAY))


def opens_at(window: Window, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant, not before `moment`, at which it is open. None: it does not open any more."""
    if is_open(window, moment, zone):
        return moment
    return _first(window, moment, zone, window.opens, lambda at: is_open(window, at, zone))


def closes_at(window: Window, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """When it closes, if it is open at `moment`. None: it stays open for weeks."""
    return _first(window, moment, zone, window.closes, lambda at: not is_open(window, at, zone))


def _allows(window: Window, day: date) -> bool:
    return day.isoweekday() in window.weekdays and day not in window.except_days


def _first(
    window: Window, moment: datetime, zone: ZoneInfo, turns: time, is_wanted: Callable[[datetime], bool]
) -> datetime | None:
    day = wall_of(moment, zone).date() - 2 * _DAY
    for _ in range(7 * (len(window.except_days) + 4)):
        for at in sorted(_turns(day, turns, zone)):
            if at > moment and is_wanted(at):
                return at
        day += _DAY
    return None


def _turns(day: date, at: time, zone: ZoneInfo) -> Iterator[datetime]:
    """When clocks show `at`, at most twice, and when they are changed."""
    yield instant_at(day, at, zone)
    yield datetime.combine(day, at, zone).replace(fold=1).astimezone(UTC)
    begins, ends = instant_at(day, time(), zone), instant_at(day + _DAY, time(), zone)
    if begins.astimezone(zone).utcoffset() != ends.astimezone(zone).utcoffset():
        yield change_of_offset(zone, begins, ends)
