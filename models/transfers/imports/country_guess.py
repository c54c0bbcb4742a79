"""Guesses the country of phone numbers that are written without one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import phonenumbers

from models.transfers.cells import unguard

MOST_NUMBERS: Final = 50

_CANDIDATES: Final = (
    *("IN", "US", "BR", "ID", "MX", "ES", "DE", "FR", "GB", "IT", "RU", "CO", "AR", "PL", "UA", "PE", "CL", "CA", "RO"),
    *("NL", "PT", "BE", "TR", "NG", "ZA", "EG", "MA", "KE", "PH", "MY", "JP", "AE", "SA", "AU", "GR", "CZ", "SE", "AT"),
    *("CH", "IL", "DK", "FI", "NO", "IE", "NZ", "KZ"),
)
"""Of equals, the first is taken."""


def guess_country(
    cells: Sequence[str], columns: Sequence[Sequence[str]], default: str | None
) -> tuple[str, float, str] | None:
    """The country, unless it is the `default` or no number lacks one, and how sure it is."""
    phones = [number for cell in cells if (number := unguard(cell).strip().lstrip("'"))]
    national = [number for number in phones if not number.startswith(("+", "00"))][:MOST_NUMBERS]
    if not national:
        return None
    named = _named_country(columns)
    candidates = dict.fromkeys((*filter(None, (named, default)), *_of_international(phones), *_CANDIDATES))
    shares = {country: _share_valid(national, country) for country in candidates}
    best = max(shares, key=lambda country: shares[country])  # the first of equals
    if shares[best] < 0.8 or best == default:
        return None
    others = sum(share >= shares[best] for share in shares.values()) - 1
    if best == named:
        return best, 0.95 * shares[best], "a column of countries says so, and the numbers are valid there"
    reason = (
        f"the numbers are valid there, and in {others} other countries" if others else "the numbers are valid there"
    )
    return best, 0.9 * shares[best] / (1 + others), reason


def _named_country(columns: Iterable[Sequence[str]]) -> str | None:
    """The one that most cells of a column of countries, or of calling codes, name."""
    for cells in columns:
        countries = [_country_of(cell.strip()) for cell in cells]
        if countries and all(countries):
            country, times = Counter(countries).most_common(1)[0]
            if times * 10 >= len(cells) * 9:
                return country
    return None


def _country_of(cell: str) -> str | None:
    if cell.upper() in phonenumbers.SUPPORTED_REGIONS:
        return cell.upper()
    digits = cell.lstrip("+")
    if len(digits) not in (2, 3) or not digits.isdecimal():
        return None
    regions: tuple[str, ...] = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits), ())
    return regions[0] if regions else None


def _of_international(phones: Sequence[str]) -> list[str]:
    found = Counter(country for phone in phones if (country := _region(phone, None)) is not None)
    return [country for country, _ in found.most_common(3)]


def _share_valid(numbers: Sequence[str], country: str) -> float:
    return sum(_worth(number, country) for number in numbers) / len(numbers)


def _worth(number: str, country: str) -> float:
    """People have mobile numbers more often than others."""
    if _region(number, country) != country:
        return 0.0
    is_mobile = phonenumbers.number_type(phonenumbers.parse(number, country)) in _MOBILE
    return 1.0 if is_mobile else _WORTH_OF_OTHERS


_MOBILE: Final = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
_WORTH_OF_OTHERS: Final = 0.8


def _region(number: str, country: str | None) -> str | None:
    """None for a number that is not valid."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(parsed)
    region: str | None = phonenumbers.region_code_for_number(parsed) if valid else None
    return region
