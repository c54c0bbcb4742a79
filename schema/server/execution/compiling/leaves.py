"""Completes scalars and enums."""

from typing import Any

import orjson
from graphql import GraphQLEnumType, GraphQLScalarType

from schema.server.execution.compiling.completers import CompleteOne, Fallback
from schema.server.execution.compiling.row_kinds import ROW_KINDS, RowKind, row_kind_of


def complete_leaf(kind: GraphQLScalarType | GraphQLEnumType) -> CompleteOne:
    """For values that are not null. Raises Fallback, or what the scalar raises."""
    if kind.name == "JSON":
        return _complete_json
    if isinstance(kind, GraphQLEnumType):
        return _complete_enum(kind)
    coerce = kind.coerce_output_value

    def complete(value: Any) -> Any:
        if (ROW_KINDS.get(type(value)) or row_kind_of(type(value))) is RowKind.NOT_A_ROW:
            raise Fallback
        coerced = coerce(value)
        if coerced is None:
            raise Fallback
        return coerced

    return complete


def _complete_json(value: Any) -> Any:
    if isinstance(value, str):
        return orjson.Fragment(value)
    if isinstance(value, dict | list | int | float):
        return value
    raise Fallback


def _complete_enum(kind: GraphQLEnumType) -> CompleteOne:
    names = {definition.value: name for name, definition in kind.values.items()}

    def complete(value: Any) -> Any:
        name = names.get(value)
        return kind.coerce_output_value(value) if name is None else name

    return complete
