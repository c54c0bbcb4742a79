"""When a date of a contact comes: an instant for a value, and the values for a period.

Later values come later, so the values of a period are a range, which an index finds.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from models.rules.duration import Duration
from models.rules.thresholds import Threshold, day_away, today
from models.workflows.timing.local_times import EARLIEST, LATEST, MIDNIGHT, clamped, instant_at, shifted

FIRST_DAY: Final = EARLIEST.date()
LAST_DAY: Final = LATEST.date()

NO_OFFSET: Final = Duration()

Day = int
"""A day of the year: month * 100 + day."""


@dataclass(frozen=True, slots=True)
class DateRule:
    """`offset` after the date, or `before` it; each year; at a local time of that day.

    With `at` or `yearly` an instant counts as its day in the zone. A day without `at` begins at midnight.
    """

    offset: Duration = NO_OFFSET
    before: bool = False
    yearly: bool = False
    at: time | None = None

    @property
    def by_day(self) -> bool:
        return self.yearly or self.at is not None


# ---------------------------------------------------------------- from a value to its instant


def occurs_at(value: date, rule: DateRule, zone: ZoneInfo) -> datetime:
    """When the date comes for the first time; `value` is a day or an aware instant."""
    if isinstance(value, datetime):
        moment = clamped(value)
        if not rule.by_day:
            return shifted(moment, rule.offset, zone, back=rule.before)
        return _of_day(today(moment, zone), rule, zone)
    return _of_day(value, rule, zone)


def next_occurrence(value: date, rule: DateRule, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first occurrence after `after`, or None when there is none any more."""
    if not rule.yearly:
        found = occurs_at(value, rule, zone)
        return found if found > after else None
    day = today(clamped(value), zone) if isinstance(value, datetime) else value
    nearest = clamped(after).year - 1 - rule.offset.months // 12 - rule.offset.elapsed.days // 365
    if rule.before:
        nearest = clamped(after).year - 1
    year = max(day.year, nearest)
    while year <= LAST_DAY.year:
        found = _of_day(_in_year(day, year), rule, zone)
        if found > after:
            return found
        year += 1
    return None


def nth_occurrence(value: date, rule: DateRule, zone: ZoneInfo, nth: int) -> datetime:
    """The occurrence after so many years, 0 for the first; also of a rule that is not yearly."""
    if not rule.yearly:
        return occurs_at(value, rule, zone)
    day = today(clamped(value), zone) if isinstance(value, datetime) else value
    return _of_day(_in_year(day, min(day.year + nth, LAST_DAY.year)), rule, zone)


def occurrences_near(value: date, rule: DateRule, moment: datetime) -> Iterable[int]:
    """Which occurrences of a yearly rule can come in the weeks after a moment; see `nth_occurrence`."""
    shift = (rule.offset.months // 12 + rule.offset.elapsed.days // 365) * (1 if rule.before else -1)
    years = clamped(moment).year - value.year + shift
    return range(max(0, years - 2), max(0, years + 3))


def _of_day(day: date, rule: DateRule, zone: ZoneInfo) -> datetime:
    kept = min(max(day, FIRST_DAY), LAST_DAY)
    days = Duration(rule.offset.months, rule.offset.days)
    moved = day_away(Threshold(days, past=rule.before), kept)
    seconds = timedelta(seconds=rule.offset.seconds)
    return instant_at(moved, rule.at or MIDNIGHT, zone) + (-seconds if rule.before else seconds)


def _in_year(day: date, year: int) -> date:
    """The anniversary; without 29 February it is the 28th."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


# ---------------------------------------------------------------- from a period to the values that come in it


@dataclass(frozen=True, slots=True)
class InstantRange:
    """Instants in (after, until]."""

    after: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class DayRange:
    """Days in (after, until]."""

    after: date
    until: date

    def days(self) -> Iterator[date]:
        for index in range((self.until - self.after).days):
            yield self.after + timedelta(days=index + 1)


def instants_between(rule: DateRule, since: datetime, now: datetime, zone: ZoneInfo) -> InstantRange:
    """The instants that occur in (since, now]."""

    def occurs(microseconds: int) -> datetime:
        return occurs_at(EARLIEST + timedelta(microseconds=microseconds), rule, zone)

    most = (LATEST - EARLIEST) // timedelta(microseconds=1)
    after, until = (
        EARLIEST + timedelta(microseconds=_greatest(occurs, *_near(moment, rule, most), moment))
        for moment in (since, now)
    )
    return InstantRange(after, until)


def days_between(rule: DateRule, since: datetime, now: datetime, zone: ZoneInfo) -> DayRange:
    """The days that occur in (since, now], the first time or again."""

    def occurs(ordinal: int) -> datetime:
        return _of_day(date.fromordinal(ordinal), rule, zone)

    after, until = (date.fromordinal(_greatest(occurs, *_near_days(moment, rule), moment)) for moment in (since, now))
    return DayRange(after, until)


def next_moment(rule: DateRule, after: datetime, zone: ZoneInfo) -> datetime:
    """When a day comes next, whichever contact has it."""
    return _of_day(days_between(rule, after, after, zone).until + timedelta(days=1), rule, zone)


def days_of_year(day: date) -> tuple[Day, ...]:
    """The days of the year whose anniversary is this day."""
    own = day.month * 100 + day.day
    return (own, 229) if own == 228 and not _is_leap(day.year) else (own,)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _near(moment: datetime, rule: DateRule, most: int) -> tuple[int, int]:
    """Bounds of the instants that may occur at this moment, in microseconds."""
    span = timedelta(days=rule.offset.months * 31 + 3) + rule.offset.elapsed
    about = (clamped(moment.astimezone(UTC)) - EARLIEST) // timedelta(microseconds=1)
    reach = span // timedelta(microseconds=1)
    return max(0, about - reach), min(most, about + reach)


def _near_days(moment: datetime, rule: DateRule) -> tuple[int, int]:
    """Bounds of the days that may occur at this moment: a month is 28 to 31 days."""
    shift = rule.offset.months * 30 + rule.offset.elapsed.days
    about = clamped(moment).toordinal() + (shift if rule.before else -shift)
    reach = 4 + 3 * rule.offset.months
    return max(FIRST_DAY.toordinal(), about - reach), min(LAST_DAY.toordinal(), about + reach)


def _greatest(occurs: Callable[[int], datetime], low: int, high: int, moment: datetime) -> int:
    """The greatest number that occurs not after the moment; `low` does."""
    while low < high:
        middle = (low + high + 1) // 2
        if occurs(middle) <= moment:
            low = middle
        else:
            high = middle - 1
    return low
