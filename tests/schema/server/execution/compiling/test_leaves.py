"""Scalars and enums are completed as graphql-core completes them, or left to it."""

from typing import Any

import orjson
import pytest
from graphql import GraphQLInt, GraphQLString

from schema.server.execution.compiling.completers import Fallback
from schema.server.execution.compiling.leaves import complete_leaf
from tests.kit.toys import Colour, toy_schema

SCHEMA = toy_schema()
JSON: Any = SCHEMA.type_map["JSON"]
COLOUR: Any = SCHEMA.type_map["Colour"]


def test_a_scalar_is_coerced() -> None:
    assert complete_leaf(GraphQLInt)(7.0) == 7
    assert complete_leaf(GraphQLString)(True) == "true"


@pytest.mark.parametrize("value", [None, ValueError("as a value"), iter([])])
def test_what_is_no_value_is_left_to_the_ordinary_executor(value: Any) -> None:
    with pytest.raises(Fallback):
        complete_leaf(GraphQLString)(value)


def test_json_text_is_inserted_and_json_values_are_kept() -> None:
    complete = complete_leaf(JSON)
    assert orjson.dumps([complete("[1]"), complete({"a": 1}), complete(1.5)]) == b'[[1],{"a":1},1.5]'
    with pytest.raises(Fallback):
        complete(object())


def test_an_enum_is_completed_from_its_value_or_its_member() -> None:
    complete = complete_leaf(COLOUR)
    assert (complete("RED"), complete(Colour.BLUE)) == ("RED", "BLUE")
    with pytest.raises(Exception, match="PINK"):
        complete("PINK")
