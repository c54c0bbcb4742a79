"""Phone numbers as people type them into a search: national, with 00, with spaces, or only a part."""

import re
from functools import lru_cache
from typing import Final

from phonenumbers import PhoneMetadata

from models.errors import Invalid
from models.values.phones import normal_phone

_TYPED: Final = re.compile(r"\+?[0-9 ()./\u00a0\u2007\u202f\u2010\u2011-]+")
_FEWEST_DIGITS: Final = 3


def typed_numbers(text: str, default_country: str | None) -> frozenset[str]:
    """The parts of E.164 numbers that `text` may stand for. Empty when it is not a phone number or a part of one."""
    compact = re.sub(r"[^+0-9]", "", text)
    if not _TYPED.fullmatch(text) or len(compact.lstrip("+")) < _FEWEST_DIGITS:
        return frozenset()
    numbers = {compact}
    if compact.startswith("00"):
        numbers.add(f"+{compact[2:]}")
    elif not compact.startswith("+"):
        numbers |= _as_national(compact, default_country)
    whole = whole_number(text, default_country)
    return frozenset(numbers if whole is None else {*numbers, whole})


def whole_number(text: str, default_country: str | None) -> str | None:
    """The E.164 number that `text` is; None when it is only a part of one, or something else."""
    if not _TYPED.fullmatch(text):
        return None
    try:
        return normal_phone(text, default_country)
    except Invalid:
        return None


def _as_national(compact: str, country: str | None) -> set[str]:
    calling_code, prefix = _prefixes(country)
    if not calling_code or not prefix or not compact.startswith(prefix):
        return set()
    return {f"+{calling_code}{compact.removeprefix(prefix)}"}


@lru_cache(maxsize=512)
def _prefixes(country: str | None) -> tuple[str, str]:
    """The calling code of a country, and what its people dial before a national number."""
    metadata = None if country is None else PhoneMetadata.metadata_for_region(country, None)
    return ("", "") if metadata is None else (str(metadata.country_code), metadata.national_prefix or "")
