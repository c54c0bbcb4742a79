"""Values of built-in fields, as they are stored."""

from datetime import UTC, datetime

import pytest

from models.contacts import built_in_fields
from models.errors import Invalid, LimitExceeded, Problems


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
        ("timezone", " europe/madrid ", "Europe/Madrid"),
    ],
)
def test_a_column_takes_what_a_file_writes(column: str, written: object, stored: object) -> None:
    assert built_in_fields.check_column(column, written, None) == stored


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("score", 1.5),
        ("score", 2**31),
        ("score", "x"),
        ("score", True),
        ("whatsapp_consent", "yes please"),
        ("timezone", "Madrid"),
    ],
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
