"""A clock on the wall, looked at minute by minute: what the timing of workflows is compared with."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

MINUTE = timedelta(minutes=1)
YEARS = range(2024, 2027)


class Minutes:
    """Every minute of a period, with what the clocks of the zone show."""

    def __init__(self, zone, begins, hours):
        self.zone = zone
        self.instants = [begins + MINUTE * index for index in range(hours * 60)]
        self.walls = [instant.astimezone(zone).replace(tzinfo=None) for instant in self.instants]

    def first(self, after, is_wanted):
        """The first minute from `after` on whose local time is wanted; None past the period."""
        for instant, wall in zip(self.instants, self.walls, strict=True):
            if instant >= after and is_wanted(wall):
                return instant
        return None

    def shows(self, wall):
        """When clocks first show this time or, where they jump over it, a later one."""
        highest = None
        for instant, shown in zip(self.instants, self.walls, strict=True):
            if shown >= wall and (highest is None or highest < wall):
                return instant
            highest = shown if highest is None else max(highest, shown)
        raise AssertionError("the period is too short")


@lru_cache(maxsize=1)
def changes():
    """A zone and an hour for each different change of clocks: (zone, the hour in which it happens)."""
    found = {}
    for name in sorted(available_timezones() - {"localtime"}):
        zone = ZoneInfo(name)
        hour = datetime(YEARS.start, 1, 1, tzinfo=UTC)
        end = datetime(YEARS.stop, 1, 1, tzinfo=UTC)
        before = hour.astimezone(zone).utcoffset()
        while hour < end:
            later = hour + timedelta(days=1)
            after = later.astimezone(zone).utcoffset()
            if after != before:
                hour = _last_with(zone, before, hour)
                wall = hour.astimezone(zone)
                found.setdefault((before, after, wall.hour, wall.minute), (name, hour))
            hour, before = later, after
    return sorted(found.values())


def _last_with(zone, offset, hour):
    while (hour + timedelta(hours=1)).astimezone(zone).utcoffset() == offset:
        hour += timedelta(hours=1)
    return hour
