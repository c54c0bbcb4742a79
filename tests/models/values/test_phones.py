"""Phone numbers, as they are stored."""

import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Invalid
from models.values import phones
from models.values.phones import normal_phone

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)


CALLING_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except Invalid:
        return Invalid


@given(st.integers(0, 2**32), st.sampled_from(COUNTRIES), st.booleans())
def test_the_quick_path_of_phones_agrees_with_the_library(seed: int, country: str, with_country: bool) -> None:
    chance = random.Random(seed)
    digits = "".join(chance.choice("0123456789") for _ in range(chance.randint(3, 14)))
    example = phonenumbers.example_number_for_type(country, chance.choice((0, 1, 2)))
    default = country if with_country else None
    written = [digits, f"+{chance.choice(CALLING_CODES)}{digits}"]
    if example is not None:
        written += [phonenumbers.format_number(example, style) for style in range(4)]
    for text in written:
        assert outcome(normal_phone, text, default) == outcome(phones._parsed, text, default), (text, default)


@pytest.mark.parametrize(
    ("written", "country", "stored"),
    [
        ("600 111 222", "ES", "+34600111222"),
        ("+34 600-111-222", None, "+34600111222"),
        ("0034 600 111 222", "ES", "+34600111222"),
        ("(030) 12345678", "DE", "+493012345678"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+39 06 1234 5678", "DE", "+390612345678"),
        ("(415) 555-0132", "US", "+14155550132"),
        ("tel:+34600111222", None, "+34600111222"),
    ],
)
def test_a_phone_is_stored_in_e164(written: str, country: str | None, stored: str) -> None:
    assert normal_phone(written, country) == stored
    assert normal_phone(stored, None) == stored


@pytest.mark.parametrize(
    ("wrong", "country", "why"),
    [
        ("600 111 222", None, "lacks its country, and the workspace has no default country"),
        ("12", "ES", r"is too short: write it with its country, such as \+34 612 34 56 78, or as one of ES"),
        ("+34 600", None, r"is too short: write it with its country, such as \+34 612 34 56 78$"),
        ("+49 151", "ES", r"lacks the area code: write it with its country, such as \+49 1512 3456789$"),
        ("+34600111222333", None, "is too long: write it"),
        ("+999 600 111 222", None, "a calling code that no country has: write it"),
        ("call me", "ES", "not a phone number: write it with its country"),
        ("", "ES", "not a phone number"),
        (600111222, "ES", "must be text, not a number"),
    ],
)
def test_what_is_no_phone_is_refused_with_the_reason(wrong: object, country: str | None, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        normal_phone(wrong, country)
