"""Values are completed, or left to the ordinary executor."""

from typing import Any

import pytest

from schema.server.execution.compiling.completers import (
    Completer,
    Fallback,
    accept_null,
    list_of,
    list_of_strings,
    nullable,
    refuse_null,
)

NUMBER = nullable(lambda value: value + 1, accept_null)
REQUIRED = nullable(lambda value: value + 1, refuse_null)


def one(completer: Completer, value: Any) -> Any:
    assert completer.one is not None
    return completer.one(value)


def test_null_is_completed_or_refused() -> None:
    assert [one(NUMBER, value) for value in (1, None)] == [2, None]
    with pytest.raises(Fallback):
        one(REQUIRED, None)


def test_lists_and_tuples_are_completed_item_by_item() -> None:
    numbers = list_of(NUMBER, accept_null)
    assert [one(numbers, value) for value in ([1, None], (2,), [], None)] == [[2, None], [3], [], None]


@pytest.mark.parametrize("value", [{1}, "text", iter([1]), {"a": 1}])
def test_another_collection_is_no_list(value: Any) -> None:
    with pytest.raises(Fallback):
        one(list_of(NUMBER, accept_null), value)


def test_a_list_of_strings_is_returned_as_it_is() -> None:
    strings = list_of_strings(nullable(str, refuse_null), accept_null)
    value = ["a", "b"]
    assert one(strings, value) is value
    assert one(strings, ["a", 1]) == ["a", "1"]
    with pytest.raises(Fallback):
        one(strings, ["a", None])


async def test_the_items_of_many_lists_are_completed_at_once() -> None:
    calls: list[list[int]] = []

    async def many(values: Any, _executor: Any) -> list[Any]:
        calls.append(list(values))
        return [value + 1 for value in values]

    lists = list_of(Completer(many=many), accept_null)
    assert lists.many is not None
    assert await lists.many([[1, 2], None, (), (3,)], None) == [[2, 3], None, [], [4]]  # type: ignore[arg-type]
    assert calls == [[1, 2, 3]]
