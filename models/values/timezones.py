"""Names of time zones."""

from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import available_timezones

from models.errors import Invalid
from models.values.texts import check_text


def check_timezone(value: object) -> str:
    """An IANA name, in any case, as the database of zones spells it. Raises Invalid."""
    name = check_text(value, 100).strip()
    found = _names().get(name.casefold())
    if found is None:
        raise Invalid(f"{name!r} is not a time zone: give its IANA name, such as Europe/Madrid")
    return found


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}
