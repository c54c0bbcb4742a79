"""Phone numbers in E.164, and the key of the person behind one.

Only lengths are checked: the library is older than numbering plans.
"""

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

from models.errors import Invalid
from models.values.texts import check_text

_SEPARATORS = str.maketrans("", "", " -.()/\u00a0")
_DIGITS = re.compile(r"\+?[0-9]{4,15}\Z")


def normal_phone(value: object, default_country: str | None) -> str:
    """A number without a calling code belongs to `default_country` (ISO 3166-1 alpha-2). Raises Invalid.

    A spelling that only WhatsApp uses (`+52 1 55 1234 0001`) becomes the country's own.
    """
    text = check_text(value, 100).strip()
    compact = text.translate(_SEPARATORS)
    if _DIGITS.match(compact):
        quick = _quick(compact, default_country)
        if quick is not None:
            return quick
    return _parsed(text, default_country)


def check_country(value: object) -> str:
    """ISO 3166-1 alpha-2, in upper case. Raises Invalid."""
    code = check_text(value, 10).strip().upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid(f"{code!r} is not a country: give its ISO 3166-1 alpha-2 code, such as ES")
    return code


# ---------------------------------------------------------------- one person, several spellings


class Spelling(NamedTuple):
    """A second spelling of a country's numbers: `start`, `dropped`, `end` (patterns) is written `start`, `inserted`, `end`."""

    country: str
    start: str
    dropped: str
    inserted: str
    end: str

    @property
    def pattern(self) -> str:
        return f"^({self.start}){self.dropped}({self.end})$"


SPELLINGS: Final = (
    Spelling("BR", r"\+55[1-9]{2}", "", "9", "[6-9][0-9]{7}"),  # mobile numbers got a ninth digit from 2012 to 2016
    Spelling("MX", r"\+52", "1", "", "[0-9]{10}"),  # dialled from abroad to mobiles, until 2019
    Spelling("AR", r"\+54", "", "9", "[1-3][0-9]{9}(?:[0-9]{2})?"),  # dialled from abroad to mobiles
    Spelling("AR", r"\+549(?=[0-9]{12}$)(?:11|[23][0-9]{2,3})", "15", "", "[0-9]{6,8}"),  # dialled at home instead
    Spelling("BJ", r"\+229", "", "01", "[0-9]{8}"),  # all numbers got 01 in November 2024
)
"""Applied in this order. The SQL function muster_phone_key follows the same table: a test compares the two.

WhatsApp keeps the spelling in which a number was registered, and accepts and reports either.
"""

PLAIN: Final = r"^\+(?!5[245]|229)[0-9]+$"
"""Numbers in E.164 of countries that have one spelling."""

_PLAIN: Final = re.compile(PLAIN.replace("$", r"\Z"))
_E164: Final = re.compile(r"\+[0-9]+\Z")
_SPELLINGS: Final = {
    code: tuple(
        (re.compile(one.pattern.replace("$", r"\Z")), rf"\g<1>{one.inserted}\g<2>")
        for one in SPELLINGS
        if one.start.replace("\\", "").startswith(code)
    )
    for code in ("+52", "+54", "+55", "+22")
}
"""By the first three characters of a number."""


def phone_key(e164: str) -> str:
    """The same text for each spelling of one person's number, by which contacts, opt-outs and messages find the person.

    It is a number in E.164. What is no digit is passed over (`551176500001` of WhatsApp is good), without digits it is empty.
    """
    if _PLAIN.match(e164):
        return e164
    digits = e164[1:] if _E164.match(e164) else re.sub("[^0-9]", "", e164)
    if not digits:
        return ""
    key = f"+{digits}"
    for pattern, replacement in _SPELLINGS.get(key[:3], ()):
        key = pattern.sub(replacement, key)
    return key


def spellings_of(key: str) -> set[str]:
    """The number with this key in each way in which its country writes it, in E.164."""
    spelled = {key}
    for one in SPELLINGS:
        written = re.sub(rf"^({one.start}){one.inserted}({one.end})\Z", rf"\g<1>{one.dropped}\g<2>", key)
        spelled |= {written} if phone_key(written) == key else set()
    return spelled


# ---------------------------------------------------------------- the quick path, for plain numbers


class _NumberingPlan(NamedTuple):
    calling_code: str
    lengths: frozenset[int]
    strips: re.Pattern[str] | None
    dials_out: re.Pattern[str] | None


def _quick(compact: str, default_country: str | None) -> str | None:
    """Ten times as fast as `_parsed`; None: ask the library."""
    if compact.startswith("+"):
        plan = _plan_of_digits(compact)
        return compact if plan is not None and _is_plain(compact[1 + len(plan.calling_code) :], plan) else None
    plan = _plan_of_country(default_country)
    if plan is None or compact.startswith(plan.calling_code) or (plan.dials_out and plan.dials_out.match(compact)):
        return None
    return f"+{plan.calling_code}{compact}" if _is_plain(compact, plan) else None


def _is_plain(national: str, plan: _NumberingPlan) -> bool:
    return len(national) in plan.lengths and (plan.strips is None or plan.strips.match(national) is None)


def _plan_of_digits(compact: str) -> _NumberingPlan | None:
    for end in (2, 3, 4):
        plan = _plan_of_calling_code(compact[1:end])
        if plan is not None:
            return plan
    return None


@lru_cache(maxsize=2048)
def _plan_of_calling_code(code: str) -> _NumberingPlan | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code))
    if not regions or code.startswith("0"):
        return None
    return _plan(PhoneMetadata.metadata_for_region_or_calling_code(int(code), regions[0]))


@lru_cache(maxsize=512)
def _plan_of_country(country: str | None) -> _NumberingPlan | None:
    return None if country is None else _plan(PhoneMetadata.metadata_for_region(country, None))


def _plan(metadata: Any) -> _NumberingPlan | None:
    if metadata is None:
        return None
    strips, dials_out = metadata.national_prefix_for_parsing, metadata.international_prefix
    main_region = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[metadata.country_code][0]
    main: Any = PhoneMetadata.metadata_for_region_or_calling_code(metadata.country_code, main_region)
    return _NumberingPlan(
        calling_code=str(metadata.country_code),
        lengths=frozenset(main.general_desc.possible_length),  # the main region's, as in the library
        strips=re.compile(strips) if strips else None,
        dials_out=re.compile(dials_out) if dials_out else None,
    )


# ---------------------------------------------------------------- the library


def _parsed(text: str, default_country: str | None) -> str:
    try:
        number = phonenumbers.parse(text, default_country)
    except NumberParseException as error:
        why = _why_unparsed(text, default_country, error)
        raise Invalid(f"{why}: {_correct_form(default_country, default_country)}") from error
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE:
        other = phone_key(phonenumbers.format_number(number, PhoneNumberFormat.E164))
        possible = phonenumbers.is_possible_number_with_reason(phonenumbers.parse(other))
        if possible == ValidationResult.IS_POSSIBLE:
            return other
        why = _REASONS.get(reason, "has a length that its country does not use")
        country = phonenumbers.region_code_for_country_code(number.country_code or 0)
        raise Invalid(f"this is not a phone number, it {why}: {_correct_form(country, default_country)}")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


_REASONS = {
    ValidationResult.TOO_SHORT: "is too short",
    ValidationResult.TOO_LONG: "is too long",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "lacks the area code",
    ValidationResult.INVALID_COUNTRY_CODE: "begins with a calling code that no country has",
}


def _why_unparsed(text: str, default_country: str | None, error: NumberParseException) -> str:
    if error.error_type != NumberParseException.INVALID_COUNTRY_CODE:
        return "this is not a phone number"
    if default_country is None and not text.startswith("+"):
        return "this number lacks its country, and the workspace has no default country"
    return f"this is not a phone number, it {_REASONS[ValidationResult.INVALID_COUNTRY_CODE]}"


@lru_cache(maxsize=512)
def _correct_form(country: str | None, default_country: str | None) -> str:
    example = phonenumbers.example_number_for_type(country or "ES", PhoneNumberType.MOBILE)
    if example is None:
        return "write it with its country, such as +34 612 34 56 78"
    hint = f"write it with its country, such as {_written(example, PhoneNumberFormat.INTERNATIONAL)}"
    if country is None or country != default_country:
        return hint
    return f"{hint}, or as one of {country}, such as {_written(example, PhoneNumberFormat.NATIONAL)}"


def _written(number: Any, style: int) -> str:
    return phonenumbers.format_number(number, style)
