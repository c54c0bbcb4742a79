"""What is written into a contact, as it is stored: e-mails, phones, tags, texts and the values of custom fields."""

import math
import random
from datetime import UTC, datetime, timedelta, timezone

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from models.contacts import attributes, built_in_fields
from models.contacts.attributes import ContactField, check_value, check_values, from_text
from models.errors import DomainError, Invalid, LimitExceeded, Problems
from models.rules.tree import FieldType
from models.values import phones
from models.values.emails import normal_email
from models.values.instants import read_instant, write_instant
from models.values.phones import normal_phone
from models.values.texts import check_object, check_text

# ---------------------------------------------------------------- e-mail

LOCAL = st.text("abzABZ019._%+-!'é ", min_size=1, max_size=12)
LABEL = st.text("abz019-A", min_size=1, max_size=8)
ADDRESS = st.builds(
    lambda local, labels, top: f"{local}@{'.'.join([*labels, top])}",
    LOCAL,
    st.lists(LABEL, min_size=1, max_size=3),
    st.sampled_from(["com", "org", "museum", "test", "localhost", "co1", "c", "xn--p1ai", "COM", "de"]),
)


@given(ADDRESS)
def test_the_quick_path_of_emails_says_what_the_library_says(address: str) -> None:
    try:
        expected = validate_email(address.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        with pytest.raises(Invalid):
            normal_email(address)
    else:
        assert normal_email(address) == expected


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (" Ana@Example.COM ", "ana@example.com"),
        ("a.b+c_d%e-f@sub.example.co.uk", "a.b+c_d%e-f@sub.example.co.uk"),
        ("JOSÉ@exämple.de", "josé@exämple.de"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
    ],
)
def test_an_email_is_stored_in_lower_case(written: str, stored: str) -> None:
    assert normal_email(written) == stored
    assert normal_email(stored) == stored


@pytest.mark.parametrize(
    "wrong",
    [
        *("ana", "ana@", "@example.com", "ana@example", "a@b@example.com", "a..b@example.com", ".a@example.com"),
        *("a@-example.com", "a@example.test", "a b@example.com", "a@example.com\x00", ""),
        *("a@exa\nmple.com", 7, None, True),
    ],
)
def test_what_is_no_email_is_refused(wrong: object) -> None:
    with pytest.raises(Invalid):
        normal_email(wrong)


# ---------------------------------------------------------------- phones

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
CALLING_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except Invalid:
        return Invalid


@given(st.integers(0, 2**32), st.sampled_from(COUNTRIES), st.booleans())
def test_the_quick_path_of_phones_says_what_the_library_says(seed: int, country: str, with_country: bool) -> None:
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
def test_what_is_no_phone_is_refused_and_told_why(wrong: object, country: str | None, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        normal_phone(wrong, country)


# ---------------------------------------------------------------- custom fields


def field(kind: FieldType, *choices: str) -> ContactField:
    return ContactField(1, "it", "It", kind, choices or None)


TEXT, NUMBER, BOOLEAN = field(FieldType.TEXT), field(FieldType.NUMBER), field(FieldType.BOOLEAN)
DATE, DATETIME = field(FieldType.DATE), field(FieldType.DATETIME)
CHOICE = field(FieldType.CHOICE, "Small", "Größe L")
MULTI = field(FieldType.MULTI_CHOICE, "tea", "Coffee", "water; still")


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        (TEXT, "  as it is ", "  as it is "),
        (TEXT, "", None),
        (NUMBER, 3, 3),
        (NUMBER, 3.0, 3),
        (NUMBER, -0.5, -0.5),
        (NUMBER, 1e300, 1e300),
        (NUMBER, 2**63 - 1, 2**63 - 1),
        (BOOLEAN, False, False),
        (DATE, "2024-02-29", "2024-02-29"),
        (DATETIME, "2026-01-01T01:00:00+02:00", "2025-12-31T23:00:00.000000Z"),
        (DATETIME, "2026-01-01 01:00:00.5z", "2026-01-01T01:00:00.500000Z"),
        (DATETIME, "2026-01-01T01:00Z", "2026-01-01T01:00:00.000000Z"),
        (CHOICE, "GRÖSSE l", "Größe L"),
        (MULTI, ["COFFEE", "tea", "Tea"], ["tea", "Coffee"]),
        (MULTI, [], None),
        *((kind, None, None) for kind in (TEXT, NUMBER, BOOLEAN, DATE, DATETIME, CHOICE, MULTI)),
    ],
)
def test_a_value_has_one_stored_form(kind: ContactField, given: object, stored: object) -> None:
    assert check_value(kind, given) == stored
    assert type(check_value(kind, given)) is type(stored)
    assert check_value(kind, check_value(kind, given)) == stored


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        *((TEXT, wrong) for wrong in (1, True, ["a"], {}, "a\x00b", "x" * 4_001, "\ud800")),
        *((NUMBER, wrong) for wrong in ("1", True, math.inf, math.nan, 2**63, [1])),
        *((BOOLEAN, wrong) for wrong in (0, "true", [])),
        *((DATE, wrong) for wrong in ("2023-02-29", "20240101", "2024-W01-1", "2024-1-1", "٢٠٢٤-٠١-٠١", 20240101, "")),
        *((DATETIME, wrong) for wrong in ("2026-01-01T00:00:00", "2026-01-01", "0001-01-01T00:00:00+01:00", 1)),
        *((CHOICE, wrong) for wrong in ("Large", "", ["Small"], 1)),
        *((MULTI, wrong) for wrong in ("tea", ["tea", "milk"], [["tea"]], [None])),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(kind: ContactField, wrong: object) -> None:
    with pytest.raises(Invalid):
        check_value(kind, wrong)


def test_an_unknown_key_is_told_with_the_known_ones() -> None:
    with pytest.raises(Problems) as refused:
        check_values({"it": TEXT}, {"it": "fine", "shoe": 1})
    (error,) = refused.value.errors
    assert (error.path, error.message) == (("shoe",), "there is no custom field 'shoe': the fields are it")
    with pytest.raises(Invalid, match="must be an object"):
        check_values({}, [])


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-11)), timezone(timedelta(hours=5.75))])))
def test_stored_instants_order_as_instants_do(moment: datetime) -> None:
    try:
        stored = write_instant(moment)
    except OverflowError:  # the first and the last day there are, in another zone
        return
    assert len(stored) == 27
    assert read_instant(stored) == moment


@pytest.mark.parametrize(
    ("kind", "cell", "stored"),
    [
        (TEXT, " x ", " x "),
        (TEXT, "  ", None),
        (NUMBER, " 1234.50 ", 1234.5),
        (NUMBER, "-7", -7),
        (BOOLEAN, "Yes", True),
        (BOOLEAN, "0", False),
        (DATE, " 2024-02-29", "2024-02-29"),
        (DATETIME, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000Z"),
        (CHOICE, "small", "Small"),
        (MULTI, "coffee, TEA", ["tea", "Coffee"]),
        (MULTI, "water; still", ["water; still"]),
    ],
)
def test_a_cell_of_a_file_is_read_as_its_field_says(kind: ContactField, cell: str, stored: object) -> None:
    assert from_text(kind, cell) == stored


@pytest.mark.parametrize(
    ("kind", "cell"), [(NUMBER, "1,5"), (NUMBER, "nan"), (NUMBER, "1e999"), (BOOLEAN, "maybe"), (MULTI, "tea, milk")]
)
def test_a_cell_that_its_field_cannot_hold_is_refused(kind: ContactField, cell: str) -> None:
    with pytest.raises(Invalid):
        from_text(kind, cell)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([TEXT, NUMBER, BOOLEAN, DATE, DATETIME, CHOICE, MULTI]), JSON_VALUES)
def test_any_json_is_either_stored_as_its_type_says_or_refused(kind: ContactField, value: object) -> None:
    try:
        stored = check_value(kind, value)
    except DomainError:
        return
    assert check_value(kind, stored) == stored


# ---------------------------------------------------------------- columns


@pytest.mark.parametrize("column", built_in_fields.COLUMNS)
def test_nothing_clears_every_column(column: str) -> None:
    cleared = {"score": 0, "whatsapp_consent": "UNKNOWN", "tags": []}.get(column)
    assert built_in_fields.check_column(column, None, None) == cleared


@pytest.mark.parametrize(
    ("column", "written", "stored"),
    [
        ("score", "12", 12),
        ("score", 12.0, 12),
        ("whatsapp_consent", "opted in", "OPTED_IN"),
        ("external_id", 17, "17"),
        ("subscribed_at", "2026-01-01T00:00:00+01:00", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("name", "  ", None),
    ],
)
def test_a_column_takes_what_a_file_writes(column: str, written: object, stored: object) -> None:
    assert built_in_fields.check_column(column, written, None) == stored


@pytest.mark.parametrize(
    ("column", "wrong"),
    [("score", 1.5), ("score", 2**31), ("score", "x"), ("score", True), ("whatsapp_consent", "yes please")],
)
def test_a_column_refuses_what_it_cannot_hold(column: str, wrong: object) -> None:
    with pytest.raises(Invalid):
        built_in_fields.check_column(column, wrong, None)


def test_tags_are_few_short_and_not_empty() -> None:
    assert built_in_fields.check_tags([" a ", "b", "a"]) == ["a", "b"]
    with pytest.raises(Problems) as refused:
        built_in_fields.check_tags(["a", "", "x" * 101, 7])
    assert [error.path for error in refused.value.errors] == [("1",), ("2",), ("3",)]
    with pytest.raises(LimitExceeded):
        built_in_fields.check_tags([str(number) for number in range(built_in_fields.MOST_TAGS + 1)])


def test_text_that_postgresql_cannot_hold_is_refused() -> None:
    for wrong in ("a\x00", "\udfff"):
        with pytest.raises(Invalid, match="can't be stored"):
            check_text(wrong, 10)
        for value in ({"a": wrong}, {wrong: 1}, {"a": [{"b": wrong}]}):
            with pytest.raises(Invalid):
                check_object(value, 1_000)


def test_an_object_is_stored_only_when_postgresql_and_we_can_read_it_again() -> None:
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    for wrong in ({"a": math.inf}, {"a": 2**64}, {"a": deep}, {"a": "x" * 100}, [], "x", None):
        with pytest.raises(Invalid):
            check_object(wrong, 90)
    assert check_object({"a": [1, 2.5, None, True, "é"]}, 90) == '{"a":[1,2.5,null,true,"é"]}'


def test_the_limit_of_a_text_is_its_characters() -> None:
    assert check_value(TEXT, "é" * attributes.LONGEST_TEXT) is not None
