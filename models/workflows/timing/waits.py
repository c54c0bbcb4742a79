"""When a wait ends, and whether it was over before it began."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from models.rules.duration import Duration
from models.workflows.timing.dates import NO_OFFSET, DateRule, occurs_at
from models.workflows.timing.local_times import next_local_time, shifted


@dataclass(frozen=True, slots=True)
class Until:
    """The moment waited for: the present, an instant or a date with an offset; then the next local time on a weekday.

    No weekdays mean all.
    """

    offset: Duration | None = None
    local_time: time | None = None
    weekdays: Collection[int] = ()

    def of(self, start: date, zone: ZoneInfo) -> datetime:
        """`start` is an aware instant, or a day of the contact, which begins at midnight."""
        moment = occurs_at(start, DateRule(self.offset or NO_OFFSET), zone)
        if self.local_time is None and not self.weekdays:
            return moment
        return next_local_time(moment, zone, self.local_time, self.weekdays or None)


def after(moment: datetime, duration: Duration, zone: ZoneInfo) -> datetime:
    """When a wait that began at this moment ends."""
    return shifted(moment, duration, zone)
