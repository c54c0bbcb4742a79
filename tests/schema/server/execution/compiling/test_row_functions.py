"""The written functions make objects of the response from rows."""

from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLInt, GraphQLNonNull, GraphQLString

from schema.server.execution.compiling.completers import Completer, Fallback, accept_null, nullable, refuse_null
from schema.server.execution.compiling.row_functions import SelectedField, write_selection


def slow(value: Any) -> str:
    return f"completed {value!r}"


NAME = SelectedField("name", completer=nullable(slow, accept_null), kind=GraphQLString, name="name")


def test_rows_and_objects_become_the_same_object() -> None:
    selection = write_selection([SelectedField("__typename", constant="Toy"), NAME])
    expected = {"__typename": "Toy", "name": "Tom"}
    assert selection.by_item({"name": "Tom"}) == expected
    assert selection.by_attribute(SimpleNamespace(name="Tom")) == expected


def test_only_values_that_are_not_complete_go_to_the_completer() -> None:
    selection = write_selection([NAME])
    assert [selection.by_item({"name": value}) for value in ("Tom", None, 7)] == [
        {"name": "Tom"},
        {"name": None},
        {"name": "completed 7"},
    ]


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, True, 1.0])
def test_a_number_out_of_range_goes_to_the_completer(number: Any) -> None:
    field = SelectedField("n", completer=nullable(slow, refuse_null), kind=GraphQLNonNull(GraphQLInt), name="n")
    selection = write_selection([field])
    assert selection.by_item({"n": 2**31 - 1}) == {"n": 2**31 - 1}
    assert selection.by_item({"n": number}) == {"n": slow(number)}
    with pytest.raises(Fallback):
        selection.by_item({"n": None})


def test_mapped_and_derived_values_are_computed_and_null_stays_null() -> None:
    upper = SelectedField("upper", completer=NAME.completer, kind=GraphQLString, name="name", function=str.upper)
    size = SelectedField("size", completer=nullable(int, accept_null), kind=GraphQLInt, getter=len)
    selection = write_selection([upper, size])
    assert selection.by_item({"name": "Tom"}) == {"upper": "TOM", "size": 1}
    assert selection.by_item({"name": None}) == {"upper": None, "size": 1}


def test_a_deferred_field_is_left_empty_and_can_be_read() -> None:
    async def many(values: Any, _executor: Any) -> list[Any]:
        return list(values)

    selection = write_selection([NAME, SelectedField("maker", completer=Completer(many=many), name="maker")])
    row = {"name": "Tom", "maker": {"id": 1}}
    assert selection.by_item(row) == {"name": "Tom", "maker": None}
    (deferred,) = selection.deferred
    assert deferred.read is not None
    assert deferred.read(row) == {"id": 1}


def test_a_column_that_is_no_identifier_is_never_evaluated() -> None:
    with pytest.raises(AssertionError):
        write_selection([SelectedField("x", completer=NAME.completer, kind=GraphQLString, name="a + b")])
