"""ISO 8601 durations: calendar months, days and seconds."""

import re
from dataclasses import dataclass
from datetime import timedelta

MAX_YEARS = 200
"""Keeps every moment of a rule in the range of dates."""

_SHAPE = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Duration:
    """Months, days and seconds; no part is negative."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    @property
    def elapsed(self) -> timedelta:
        return timedelta(days=self.days, seconds=self.seconds)

    def __str__(self) -> str:
        return " and ".join(_counted(self)) or "0 days"


def parse_duration(text: str) -> Duration:
    """Reads `P30D`, `P1Y2M`, `P2W`, `PT15M`. Raises ValueError."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError("an ISO 8601 duration in whole numbers, such as P30D, P6M or PT12H")
    years, months, weeks, days, hours, minutes, seconds = (_number(group) for group in match.groups())
    duration = Duration(years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)
    if duration.months / 12 + duration.days / 365 + duration.seconds / (365 * 86_400) > MAX_YEARS:
        raise ValueError(f"a duration of at most {MAX_YEARS} years")
    return duration


def _number(digits: str | None) -> int:
    """At most 12 digits, because int() is slow for many."""
    return int(digits[:12]) if digits else 0


def _counted(duration: Duration) -> list[str]:
    years, months = divmod(duration.months, 12)
    hours, rest = divmod(duration.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = {"year": years, "month": months, "day": duration.days, "hour": hours, "minute": minutes, "second": seconds}
    return [f"{count} {unit}" + ("" if count == 1 else "s") for unit, count in parts.items() if count]
