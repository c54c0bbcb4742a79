"""Cursors are read as they were written, and other texts are refused at their path."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Invalid
from schema.server.types.cursors import a_number, a_text, an_instant, exactly, from_cursor, nothing_or, to_cursor


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), st.integers(0, 2**63 - 1))
def test_a_key_is_read_as_it_was_written(text: str, number: int) -> None:
    assert from_cursor(to_cursor(text, number), a_text, a_number) == (text, number)


def test_an_instant_and_null_are_parts_of_keys() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert from_cursor(to_cursor(at, None), an_instant, nothing_or(a_number)) == (at, None)


@pytest.mark.parametrize(
    "cursor", ["", "x", "ü", to_cursor(1), to_cursor(1, 2, 3), to_cursor("asc", -1), to_cursor("desc", 1)]
)
def test_a_cursor_of_another_list_or_order_is_invalid(cursor: str) -> None:
    with pytest.raises(Invalid, match="is not a cursor of this list") as refused:
        from_cursor(cursor, exactly("asc"), a_number, path="before")
    assert refused.value.path == ("before",)
