"""Values of custom fields, as they are stored."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contacts import attributes
from models.contacts.attributes import ContactField, check_value, check_values, from_text
from models.errors import DomainError, Invalid, Problems
from models.rules.tree import FieldType


def field(kind: FieldType, *choices: str) -> ContactField:
    return ContactField(1, "it", "It", kind, choices or None)


TEXT, NUMBER, BOOLEAN = field(FieldType.TEXT), field(FieldType.NUMBER), field(FieldType.BOOLEAN)


DATE, DATETIME = field(FieldType.DATE), field(FieldType.DATETIME)


CHOICE = field(FieldType.CHOICE, "Small", "Größe L")


MULTI = field(FieldType.MULTI_CHOICE, "tea", "Coffee", "water; still")


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        (TEXT, "  as it is ", "as it is"),
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


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Problems) as refused:
        check_values({"it": TEXT}, {"it": "fine", "shoe": 1})
    (error,) = refused.value.errors
    assert (error.path, error.message) == (("shoe",), "there is no custom field 'shoe': the fields are it")
    with pytest.raises(Invalid, match="must be an object"):
        check_values({}, [])


@pytest.mark.parametrize(
    ("kind", "cell", "stored"),
    [
        (TEXT, " x ", "x"),
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
def test_any_json_is_stored_by_its_type_or_refused(kind: ContactField, value: object) -> None:
    try:
        stored = check_value(kind, value)
    except DomainError:
        return
    assert check_value(kind, stored) == stored


def test_the_limit_of_a_text_is_its_characters() -> None:
    assert check_value(TEXT, "é" * attributes.LONGEST_TEXT) is not None
