"""The key that all spellings of a number share, in Python and in SQL."""

import random
from itertools import combinations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import MatchType

from models import db
from models.db.migrations import FOLDER
from models.values.phones import PLAIN, SPELLINGS, normal_phone, phone_key

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
SEVERAL_SPELLINGS = sorted({one.country for one in SPELLINGS})
CALLING_CODES = [str(phonenumbers.country_code_for_region(country)) for country in SEVERAL_SPELLINGS]

STARTS = [*CALLING_CODES, "1", "34", "5", "22", "549", "521", "5411", "54221", "542901", "549290115", "5411159"]


def a_number(seed: int) -> str:
    """Digits of about a number's length, often near the rules."""
    chance = random.Random(seed)
    digits = "".join(chance.choice("0123456789" if seed % 3 else "159") for _ in range(chance.randint(4, 13)))
    return f"+{chance.choice(STARTS)}{digits}"


numbers = st.builds(a_number, st.integers(0, 2**32)) | st.text("+-() 0123456789x", max_size=20)


@pytest.mark.parametrize(
    "spellings",
    [
        ("+5511976500001", "+551176500001", "551176500001", "+55 (11) 97650-0001"),
        ("+525512341001", "+5215512341001", "5215512341001"),
        ("+5491123456789", "+541123456789", "+54111523456789", "+549111523456789"),
        ("+5492215123456", "+542215123456", "+54221155123456"),
        ("+5492901123456", "+542901123456", "+54290115123456"),
        ("+2290197000000", "+22997000000"),
    ],
)
def test_all_spellings_of_a_number_have_one_key(spellings: tuple[str, ...]) -> None:
    assert {phone_key(spelling) for spelling in spellings} == {spellings[0]}


@pytest.mark.parametrize(
    "number",
    ["+551132345678", "+34600000001", "+15215512341", "+521551234000", "+5491512345678901", "+229010000000", "+5555"],
)
def test_other_numbers_are_their_own_key(number: str) -> None:
    assert phone_key(number) == number


@given(numbers)
def test_a_key_is_its_own_key(number: str) -> None:
    key = phone_key(number)
    assert phone_key(key) == key
    assert phone_key(key.removeprefix("+")) == key, "WhatsApp leaves the plus out"


def joined(one: str, other: str) -> bool:
    """Whether the library calls them one number."""
    return phonenumbers.is_number_match(one, other) in (MatchType.EXACT_MATCH, MatchType.NSN_MATCH)


@given(st.integers(0, 2**32))
def test_only_numbers_of_countries_with_several_spellings_are_joined(seed: int) -> None:
    chance = random.Random(seed)
    by_key: dict[str, set[str]] = {}
    for _ in range(100):
        code = phonenumbers.country_code_for_region(chance.choice([*COUNTRIES, *SEVERAL_SPELLINGS * 10]))
        start, digits = chance.choice(("", "1", "9", "15", "01", "119", "1115")), chance.choice((6, 8, 9))
        number = f"+{code}{start}{chance.randrange(10**digits):0{digits}}"
        for written in (number, phone_key(number), number.replace("+", "+0", 1)):
            by_key.setdefault(phone_key(written), set()).add(written)
    for one, other in (pair for group in by_key.values() for pair in combinations(sorted(group), 2)):
        several = any(phone_key(one).startswith(f"+{code}") for code in CALLING_CODES)
        assert several or joined(one, other), (one, other)


@pytest.mark.parametrize("country", COUNTRIES)
def test_examples_of_other_countries_keep_their_number(country: str) -> None:
    for kind in range(11):
        example = phonenumbers.example_number_for_type(country, kind)
        if example is not None and country not in SEVERAL_SPELLINGS:
            number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            assert phone_key(number) == number


async def test_python_and_sql_have_one_key(database: str) -> None:
    drawn: list[str] = []

    @given(st.lists(numbers, min_size=50, max_size=50))
    def draw(some: list[str]) -> None:
        drawn.extend(some)

    draw()
    rows = await db.fetch("SELECT n, muster_phone_key(n) AS key FROM unnest($1::text[]) AS n", drawn)
    assert len(rows) == len(drawn) > 1000
    assert sum(bool(row["key"]) and row["key"] != row["n"] for row in rows) > 100
    assert [row["key"] or "" for row in rows] == [phone_key(row["n"]) for row in rows]


def test_the_schema_has_the_table_of_spellings() -> None:
    schema = (FOLDER.parent / "schema.sql").read_text()
    assert PLAIN in schema
    for one in SPELLINGS:
        assert f"'{one.pattern}', '\\1{one.inserted}\\2')" in schema


@pytest.mark.parametrize(
    ("written", "country", "stored"),
    [
        ("+5215512340001", None, "+525512340001"),
        ("+52 1 55 1234 0001", "ES", "+525512340001"),
        ("+54 9 11 15 2345-6789", None, "+5491123456789"),
        ("+229 97 00 00 00", None, "+2290197000000"),
        ("+551176500001", None, "+551176500001"),
    ],
)
def test_a_number_as_whatsapp_reports_it_is_a_phone(written: str, country: str | None, stored: str) -> None:
    assert normal_phone(written, country) == stored
