"""Days and instants as text."""

import re
from datetime import UTC, date, datetime
from typing import Final

from models.errors import Invalid

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6}\d*)?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def find_instant(value: object) -> datetime | None:
    """RFC 3339 text in UTC, or None."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def find_day(value: object) -> date | None:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def read_instant(text: str) -> datetime:
    """RFC 3339 text in UTC. Raises Invalid."""
    found = find_instant(text)
    if found is None:
        raise Invalid(f"{text[:50]!r} is not an instant: write it as 2026-11-22T09:30:00Z, always with an offset")
    return found


def read_day(text: str) -> date:
    """Reads YYYY-MM-DD. Raises Invalid when it is not a calendar day."""
    found = find_day(text)
    if found is None:
        raise Invalid(f"{text[:50]!r} is not a calendar day: write it as 2026-11-22")
    return found


def write_instant(moment: datetime) -> str:
    """Writes six decimals, for custom fields, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


_LIMITS: Final = {
    "date": ("0001-01-01", "9999-12-31"),
    "timestamptz": ("0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"),
}


def clamped_sql(expression: str, sql_type: str) -> str:
    """Limited to the years 1 to 9999: Python reads no others, nor infinity."""
    first, last = (f"'{limit}'::{sql_type}" for limit in _LIMITS[sql_type])
    return f"CASE WHEN {expression} < {first} THEN {first} WHEN {expression} > {last} THEN {last} ELSE {expression} END"
