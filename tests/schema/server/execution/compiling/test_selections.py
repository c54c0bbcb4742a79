"""Rows become objects of the response, and deferred fields are filled in for all rows at once."""

from collections.abc import Sequence
from typing import Any

import pytest

from schema.server.execution.compiling.completers import Completer, Fallback, accept_null
from schema.server.execution.compiling.selections import DeferredField, Selection, complete_object
from schema.server.execution.rows import Named

EXECUTOR: Any = None


def selection(*deferred: DeferredField) -> Selection:
    return Selection(lambda row: {"n": row["n"]}, lambda row: {"n": row.n}, list(deferred))


class Thing:
    n = 2


def test_each_row_is_read_by_its_kind() -> None:
    assert [selection().shallow(row) for row in ({"n": 1}, Thing(), Named("Toy", {"n": 3}))] == [
        {"n": 1},
        {"n": 2},
        {"n": 3},
    ]


@pytest.mark.parametrize("value", [None, ValueError("as a value")])
def test_what_is_no_row_is_left_to_the_ordinary_executor(value: Any) -> None:
    with pytest.raises(Fallback):
        selection().shallow(value)


async def test_deferred_fields_are_filled_in_for_all_rows_at_once() -> None:
    calls: list[list[Any]] = []

    async def batch(rows: list[Any], _executor: Any) -> Sequence[Any]:
        calls.append(rows)
        return [row["n"] * 10 for row in rows]

    async def many(values: Sequence[Any], _executor: Any) -> list[Any]:
        return [f"completed {value}" for value in values]

    both = selection(
        DeferredField("tens", Completer(one=str), batch=batch),
        DeferredField("twice", Completer(many=many), read=lambda row: row["n"] * 2),
    )
    assert await both.complete([{"n": 1}, Named("Toy", {"n": 2})], EXECUTOR) == [
        {"n": 1, "tens": "10", "twice": "completed 2"},
        {"n": 2, "tens": "20", "twice": "completed 4"},
    ]
    assert calls == [[{"n": 1}, {"n": 2}]]


async def test_null_among_the_rows_stays_in_its_place() -> None:
    plain = complete_object(selection(), accept_null)
    assert plain.one is not None
    assert [plain.one(row) for row in ({"n": 1}, None)] == [{"n": 1}, None]
    deferred = complete_object(
        selection(DeferredField("m", Completer(one=str), read=lambda row: row["n"])), accept_null
    )
    assert deferred.many is not None
    assert await deferred.many([None, {"n": 1}, None], EXECUTOR) == [None, {"n": 1, "m": "1"}, None]
