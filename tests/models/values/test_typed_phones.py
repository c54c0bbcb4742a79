"""Phone numbers as they are typed into a search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.phones import normal_phone
from models.values.typed_phones import typed_numbers


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        ("06 52 00 00 02", "FR"),
        ("06.52.00.00.02", "FR"),
        ("06-52-00-00-02", "FR"),
        ("0652000002", "FR"),
        ("+33 (0)6 52 00 00 02", None),
        ("+33 6 52 00 00 02", "ES"),
        ("0033 6 52 00 00 02", "FR"),
        ("00 33 652 000 002", None),
        ("06\u00a052\u202f00 00 02", "FR"),
    ],
)
def test_a_whole_number_stands_for_itself(typed: str, country: str | None) -> None:
    assert "+33652000002" in typed_numbers(typed, country)


@pytest.mark.parametrize(
    ("typed", "country", "part"),
    [("06 52", "FR", "+33652"), ("0033 6", "ES", "+336"), ("652 00", "FR", "65200"), ("+33 65", None, "+3365")],
)
def test_a_part_stands_for_a_part(typed: str, country: str | None, part: str) -> None:
    assert part in typed_numbers(typed, country)
    assert part in "+33652000002"


@pytest.mark.parametrize("typed", ["ana", "12", "a 06 52 00", "06 52 x", "+", ""])
def test_other_texts_are_no_numbers(typed: str) -> None:
    assert typed_numbers(typed, "FR") == frozenset()


@given(st.integers(600000000, 699999999), st.text(" .-", max_size=1), st.sampled_from(["0", "0033", "+33", "0033 (0)"]))
def test_a_number_is_found_however_it_is_written(digits: int, separator: str, prefix: str) -> None:
    typed = prefix + separator.join(str(digits))
    assert normal_phone(f"+33{digits}", None) in typed_numbers(typed, "FR")
