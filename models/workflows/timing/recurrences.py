"""Recurrences as RFC 5545 writes them (RRULE), in local time."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from models.rules.thresholds import first_instant
from models.workflows.timing.local_times import wall_of

LONGEST: Final = 500

MOST_INTERVAL: Final = 100

LEAST_BETWEEN: Final = timedelta(hours=1)

_FREQUENCIES: Final = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")

_NOT_HOURLY: Final = frozenset({"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})

_NAMES: Final = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
    | {f"BY{part}" for part in ("DAY", "MONTHDAY", "YEARDAY", "MONTH", "WEEKNO", "HOUR", "MINUTE", "SETPOS")}
)

_UNTIL: Final = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)

_TRIED: Final = 60

_CYCLE_YEARS: Final = 400
"""Then the calendar is the same again, weekdays included."""

_NEAR_THE_END: Final = 9950


@dataclass(frozen=True, slots=True)
class Recurrence:
    """`rule` has neither COUNT nor UNTIL; `until` is local time, or UTC when it has a zone."""

    rule: str
    count: int | None = None
    until: datetime | None = None

    @property
    def is_hourly(self) -> bool:
        """Whether it comes after hours, not at times of the day."""
        return "FREQ=HOURLY" in self.rule

    def ends_at(self, zone: ZoneInfo) -> datetime | None:
        """The last local time at which it may occur."""
        return self.until if self.until is None or self.until.tzinfo is None else wall_of(self.until, zone)


@lru_cache(maxsize=1024)
def read_recurrence(text: str) -> Recurrence:
    """Raises ValueError, which says what would be right."""
    parts = _parts(text)
    if parts.get("FREQ") not in _FREQUENCIES:
        raise ValueError(f"a recurrence whose FREQ is one of {', '.join(_FREQUENCIES)}")
    if parts["FREQ"] == "HOURLY" and not _NOT_HOURLY.isdisjoint(parts):
        names = ", ".join(sorted(_NOT_HOURLY))
        raise ValueError(f"a recurrence of hours without {names}: let FREQ be DAILY, with BYHOUR")
    _number(parts.get("INTERVAL", "1"), "INTERVAL", MOST_INTERVAL)
    rule = ";".join(f"{name}={value}" for name, value in parts.items() if name not in ("COUNT", "UNTIL"))
    _must_occur_rarely(";".join(part for part in rule.split(";") if not part.startswith("INTERVAL=")))
    return Recurrence(
        rule,
        _number(parts["COUNT"], "COUNT", 100_000) if "COUNT" in parts else None,
        _until(parts["UNTIL"]) if "UNTIL" in parts else None,
    )


def next_recurrence(recurrence: Recurrence, begins_at: datetime, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first occurrence after `after`, counted from `begins_at`; None when there is none any more."""
    begins = wall_of(begins_at, zone).replace(second=0, microsecond=0)
    ends, earliest = recurrence.ends_at(zone), wall_of(after, zone) - timedelta(days=2)
    with suppress(ValueError):  # an interval that meets none of the days, from this begin
        for wall in islice(_occurrences(recurrence.rule, begins), recurrence.count):
            if ends is not None and wall > ends:
                return None
            if wall >= earliest and (occurs_at := first_instant(wall, zone)) > after:
                return occurs_at
    return None


def _occurrences(rule: str, begins: datetime) -> Iterator[datetime]:
    """dateutil looks up to the year 9999 for what never comes: a year near to it has the same calendar.

    Raises ValueError.
    """
    years = (_NEAR_THE_END - begins.year) // _CYCLE_YEARS * _CYCLE_YEARS
    try:
        for found in rrulestr(rule, dtstart=begins.replace(year=begins.year + years)):
            yield found.replace(year=found.year - years)
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError(f"a recurrence that can be read ({error})") from None


# ---------------------------------------------------------------- reading


def _parts(text: str) -> dict[str, str]:
    plain = text.strip().upper().removeprefix("RRULE:").rstrip(";")
    parts: dict[str, str] = {}
    for pair in plain[:LONGEST].split(";"):
        name, _, value = pair.partition("=")
        if name not in _NAMES or not value or name in parts or len(plain) > LONGEST:
            raise ValueError("a recurrence such as FREQ=WEEKLY;BYDAY=FR;BYHOUR=10, in one line and without DTSTART")
        parts[name] = value
    return parts


def _number(text: str, name: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= most):
        raise ValueError(f"a recurrence whose {name} is a number from 1 to {most}")
    return int(text)


def _until(text: str) -> datetime:
    match = _UNTIL.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        day, at, utc = match.groups()
        if at is None:
            return datetime.combine(datetime.strptime(day, "%Y%m%d"), time.max)  # noqa: DTZ007 - local time
        moment = datetime.strptime(day + at, "%Y%m%d%H%M%S")  # noqa: DTZ007 - local time, or made UTC below
    except ValueError:
        raise ValueError("a recurrence whose UNTIL is a day or a time, such as 20271231 or 20271231T235959Z") from None
    return moment.replace(tzinfo=UTC) if utc else moment


def _must_occur_rarely(rule: str) -> None:
    found = list(islice(_occurrences(rule, datetime(2024, 1, 1)), _TRIED))  # noqa: DTZ001 - local time
    if not found:
        raise ValueError("a recurrence that occurs: no day and time is like this")
    if any(later - earlier < LEAST_BETWEEN for earlier, later in pairwise(found)):
        raise ValueError("a recurrence that comes again after an hour at the earliest")
