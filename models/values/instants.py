"""Days and instants as text: read strictly, and written in the one way that they are stored. Pure."""

import re
from datetime import UTC, date, datetime
from typing import Final

from models.errors import Invalid

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6}\d*)?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def find_instant(value: object) -> datetime | None:
    """RFC 3339 text as an aware datetime in UTC; None for anything else."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def find_day(value: object) -> date | None:
    """YYYY-MM-DD as a date; None for anything else."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def read_instant(text: str) -> datetime:
    """RFC 3339 text as an aware datetime in UTC. Raises Invalid that says what would be right."""
    found = find_instant(text)
    if found is None:
        raise Invalid(f"{text[:50]!r} is not an instant: write it as 2026-11-22T09:30:00Z, always with an offset")
    return found


def read_day(text: str) -> date:
    """YYYY-MM-DD as a date. Raises Invalid that says what would be right."""
    found = find_day(text)
    if found is None:
        raise Invalid(f"{text[:50]!r} is not a calendar day: write it as 2026-11-22")
    return found


def write_instant(moment: datetime) -> str:
    """An aware datetime as a custom field holds it: in UTC, with six decimals, so that texts order as the instants do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


_EDGES: Final = {
    "date": ("0001-01-01", "9999-12-31"),
    "timestamptz": ("0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"),
}


def told_sql(expression: str, sql_type: str) -> str:
    """A `date` or `timestamptz` as it can be told: the nearest one of the years 1 to 9999.

    SQL may write earlier and later ones, and infinity; Python has none of them, and a page with one could not be read.
    """
    first, last = (f"'{edge}'::{sql_type}" for edge in _EDGES[sql_type])
    return f"CASE WHEN {expression} < {first} THEN {first} WHEN {expression} > {last} THEN {last} ELSE {expression} END"
