"""Scalars read what they write, and say what would be right otherwise."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest

from schema.server.types.scalars import instant_text, json_fragment, to_big_int, to_day, to_instant
from tests.kit.api import Api
from tests.kit.toys import toy_schema


@pytest.fixture
def api() -> Api:
    return Api(toy_schema())


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ('{ since(at: "yesterday") }', {}),
        ("query ($at: DateTime!) { since(at: $at) }", {"at": "2026-01-01"}),
        ("query ($at: DateTime!) { since(at: $at) }", {"at": "2026-02-30T00:00:00Z"}),
        ("query ($at: DateTime!) { since(at: $at) }", {"at": 7}),
    ],
)
async def test_a_value_that_a_scalar_refuses_gets_an_error_that_says_what_would_be_right(
    api: Api, query: str, variables: dict[str, Any]
) -> None:
    (error,) = (await api.ask(None, query, **variables))["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST", "field": ["at"]}
    assert "is not an instant: write it as 2026-11-22T09:30:00Z, always with an offset" in error["message"]


async def test_an_instant_is_taken_with_any_offset_and_given_in_utc(api: Api) -> None:
    assert await api.data(None, '{ since(at: "2026-06-01t10:00:00.5+02:00") }') == {
        "since": "2026-06-01T08:00:00.500000Z"
    }


def test_an_instant_is_written_in_utc() -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert instant_text(noon) == "2026-06-01T10:00:00Z"
    assert to_instant(instant_text(noon)) == noon.astimezone(UTC)
    with pytest.raises(ValueError, match="has no zone"):
        instant_text(noon.replace(tzinfo=None))


def test_a_whole_number_of_64_bits_is_read() -> None:
    assert [to_big_int(value) for value in (2**63 - 1, -(2**63), 7.0)] == [2**63 - 1, -(2**63), 7]


@pytest.mark.parametrize(
    ("read", "value"),
    [(to_big_int, 2**63), (to_big_int, True), (to_big_int, 1.5), (to_big_int, "7"), (to_day, "2026-02-30")],
)
def test_another_value_is_refused(read: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(ValueError, match="is not"):
        read(value)


def test_a_day_is_read() -> None:
    assert to_day("2026-11-22") == date(2026, 11, 22)


def test_json_text_is_written_unchanged() -> None:
    assert orjson.dumps([json_fragment('{"a":  1}'), json_fragment({"b": 2})]) == b'[{"a":  1},{"b":2}]'
