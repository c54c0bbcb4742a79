"""Days and instants as files write them, turned into ISO 8601. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from models.errors import Invalid
from models.values.texts import check_text

_PART: Final = "(D{1,2}|M{1,2}|Y{4}|Y{2})"
_FORMAT: Final = re.compile(rf"{_PART}([/.\-]? ?){_PART}\2{_PART}\.?")

_NUMBER: Final = "([0-9]{1,4})"
_SEPARATED_DAY: Final = rf"{_NUMBER}[/.\- ] ?{_NUMBER}[/.\- ] ?{_NUMBER}\.?"
_COMPACT_DAY: Final = "([0-9]{8}|[0-9]{6})"
_TIME: Final = (
    r"(?:(?:[T ]|, ?)([0-9]{1,2}):([0-9]{2})(:[0-9]{2}(?:[.,][0-9]+)?)?"
    r"(?: ?([AaPp])\.?[Mm]\.?)?(?: ?(Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_SEPARATED: Final = re.compile(_SEPARATED_DAY + _TIME)
_COMPACT: Final = re.compile(_COMPACT_DAY + _TIME)

_ISO: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_ZEROS: Final = re.compile(r"0{1,4}([/.\-])0{1,2}\1 ?0{1,4}\.?(?:[T ]0?0:00(?::00)?)?")

FIRST_SHORT_YEAR: Final = 1930
"""Two digits are a year from 1930 to 2029, as in spreadsheets."""


@dataclass(frozen=True, slots=True)
class DayFormat:
    """`order`: D, M and Y, each once. `separator`: empty for days such as 31121990."""

    order: str
    separator: str
    short_year: bool

    def iso_day(self, numbers: tuple[str, str, str]) -> str | None:
        """None: these are not written so. The day may not exist."""
        by_part = dict(zip(self.order, numbers, strict=True))
        year = _year(by_part["Y"], self.short_year)
        if year is None or len(by_part["M"]) > 2 or len(by_part["D"]) > 2:
            return None
        return f"{year}-{by_part['M']:0>2}-{by_part['D']:0>2}"

    def compact_day(self, digits: str) -> str | None:
        widths = [(2 if self.short_year else 4) if part == "Y" else 2 for part in self.order]
        if self.separator or len(digits) != sum(widths):
            return None
        first, second = widths[0], widths[0] + widths[1]
        return self.iso_day((digits[:first], digits[first:second], digits[second:]))


def _year(digits: str, short: bool) -> str | None:
    if len(digits) == 4:
        return digits
    if len(digits) != 2 or not short:
        return None
    return str((int(digits) - FIRST_SHORT_YEAR) % 100 + FIRST_SHORT_YEAR)


ISO_COMPACT: Final = DayFormat("YMD", "", short_year=False)


@lru_cache(maxsize=64)
def read_day_format(text: object) -> DayFormat:
    """From such as DD/MM/YYYY. Raises Invalid."""
    found = _FORMAT.fullmatch(check_text(text, 100).strip().upper())
    if found is None:
        raise Invalid(f"{str(text)[:50]!r} is not a way to write days: D, M and Y in any order, such as DD/MM/YYYY")
    parts = (found[1], found[3], found[4])
    order, separator = "".join(part[0] for part in parts), found[2].strip()
    if sorted(order) != ["D", "M", "Y"]:
        raise Invalid("day, month and year must be there, each once, such as DD/MM/YYYY")
    if not found[2] and any(len(part) < 2 for part in parts):
        raise Invalid("without separators a day has all its digits, such as DDMMYYYY")
    return DayFormat(order, separator or found[2], short_year="YY" in parts)


def is_no_day(text: str) -> bool:
    """Some programs write 0000-00-00 or 0/0/00 where there is no day."""
    return _ZEROS.fullmatch(text) is not None


def in_iso(text: str, days: DayFormat | None) -> str:
    """The day or instant in ISO 8601, with its offset if it has one. A text that is neither stays as it is.

    YYYY-MM-DD is read whatever `days` says, but for YYYY-DD-MM, and YYYYMMDD unless `days` has no separators.
    """
    text = text.strip()
    if _ISO.fullmatch(text) and not _is_like_iso(days):
        return text
    found = _SEPARATED.fullmatch(text)
    if found is not None:
        day = _separated_day(text, (found[1], found[2], found[3]), days)
        return text if day is None else _with_time(text, day, found.groups()[3:])
    found = _COMPACT.fullmatch(text)
    if found is None:
        return text
    day = (ISO_COMPACT if days is None or days.separator else days).compact_day(found[1])
    return text if day is None else _with_time(text, day, found.groups()[1:])


def _is_like_iso(days: DayFormat | None) -> bool:
    return days is not None and days.order == "YDM" and days.separator == "-"


def _separated_day(text: str, numbers: tuple[str, str, str], days: DayFormat | None) -> str | None:
    if _ISO_DAY.match(text) and not _is_like_iso(days):
        return "-".join(numbers)
    return days.iso_day(numbers) if days is not None and days.separator else None


def _with_time(text: str, day: str, time: tuple[str | None, ...]) -> str:
    hours, minutes, seconds, half, offset = time
    if hours is None:
        return day
    if half is not None:
        if not 1 <= int(hours) <= 12:
            return text
        hours = str(int(hours) % 12 + (12 if half in "Pp" else 0))
    return f"{day}T{hours:0>2}:{minutes}{(seconds or ':00').replace(',', '.')}{_offset(offset)}"


def _offset(written: str | None) -> str:
    if written is None:
        return ""
    if written in ("Z", "UTC", "GMT"):
        return "Z"
    digits = written[1:].replace(":", "")
    return f"{written[0]}{digits[:2]}:{digits[2:] or '00'}"
