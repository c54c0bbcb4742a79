"""Codecs of dates and instants, in parameters, rows and COPY.

asyncpg's own send Python's first and last values as infinities; these do not. Values outside Python's range (infinity, years
before 1 and after 9999) are read as the nearest value in it.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

_DAY_0: Final = date(2000, 1, 1).toordinal()
_FIRST_DAY: Final = date.min.toordinal() - _DAY_0
_LAST_DAY: Final = date.max.toordinal() - _DAY_0


def encode_date(day: date) -> tuple[int]:
    """Returns the days since 2000-01-01, as PostgreSQL stores a date."""
    return (day.toordinal() - _DAY_0,)


def decode_date(stored: tuple[int]) -> date:
    return date.fromordinal(min(max(stored[0], _FIRST_DAY), _LAST_DAY) + _DAY_0)


_INSTANT_0: Final = datetime(2000, 1, 1, tzinfo=UTC)


def encode_instant(moment: datetime) -> tuple[int]:
    """Microseconds since 2000-01-01T00:00Z, of an aware datetime."""
    since = moment - _INSTANT_0
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds,)


_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_FIRST_STORED: Final = encode_instant(_FIRST)[0]
_LAST_STORED: Final = encode_instant(_LAST)[0]


def decode_instant(stored: tuple[int]) -> datetime:
    """Takes microseconds since 2000-01-01T00:00Z, and returns an aware datetime in UTC."""
    since = stored[0]
    if _FIRST_STORED <= since <= _LAST_STORED:
        return _INSTANT_0 + timedelta(0, 0, since)
    return _FIRST if since < 0 else _LAST


async def set_codecs(connection: Any) -> None:
    """On a new connection."""
    await connection.set_type_codec(
        "date", schema="pg_catalog", format="tuple", encoder=encode_date, decoder=decode_date
    )
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", format="tuple", encoder=encode_instant, decoder=decode_instant
    )
