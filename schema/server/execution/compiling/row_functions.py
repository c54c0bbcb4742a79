"""Writes Python functions that make an object of the response from a row."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any, Final

from graphql import GraphQLNonNull, GraphQLOutputType, GraphQLScalarType

from schema.server.execution.compiling.completers import CompleteOne, Completer
from schema.server.execution.compiling.field_sources import FetchBatch
from schema.server.execution.compiling.selections import DeferredField, Selection

_IS_COMPLETE: Final = {
    "ID": "type({v}) is str",
    "String": "type({v}) is str",
    "Duration": "type({v}) is str",
    "ChangeCursor": "type({v}) is str",
    "Boolean": "type({v}) is bool",
    "Int": "type({v}) is int and -2147483648 <= v <= 2147483647",
    "BigInt": "type({v}) is int and -9223372036854775808 <= v <= 9223372036854775807",
    "Float": "type({v}) is float and isfinite(v)",
    "DateTime": "type({v}) is datetime and v.tzinfo is UTC",
    "Date": "type({v}) is date",
}
"""Tests for values that need no completion: the encoder writes UTC instants and days as the scalars do."""

_NAMESPACE: Final = {"datetime": datetime, "date": date, "UTC": UTC, "isfinite": isfinite}


@dataclass(slots=True)
class SelectedField:
    key: str
    constant: str | None = None
    completer: Completer = field(default_factory=Completer)
    kind: GraphQLOutputType | None = None
    name: str | None = None
    getter: CompleteOne | None = None
    function: CompleteOne | None = None
    batch: FetchBatch | None = None

    @property
    def is_deferred(self) -> bool:
        return self.batch is not None or self.completer.many is not None


def write_selection(fields: list[SelectedField]) -> Selection:
    names: dict[str, Any] = dict(_NAMESPACE)
    by_item = _row_function("s[{name!r}]", fields, names)
    by_attribute = _row_function("s.{name}", fields, names)
    deferred = [
        DeferredField(selected.key, selected.completer, batch=selected.batch, read=_value_reader(selected))
        for selected in fields
        if selected.is_deferred
    ]
    return Selection(by_item, by_attribute, deferred)


def _value_reader(selected: SelectedField) -> CompleteOne | None:
    if selected.batch is not None:
        return None
    raw_value = replace(selected, key="value", completer=Completer(one=lambda value: value), kind=None)
    selection = write_selection([raw_value])
    return lambda row: selection.shallow(row)["value"]


def _row_function(read: str, fields: list[SelectedField], names: dict[str, Any]) -> CompleteOne:
    """The evaluated text is safe: names of the schema are checked to be identifiers, and response keys are quoted."""
    parts = [f"{selected.key!r}: {_expression(selected, read, index, names)}" for index, selected in enumerate(fields)]
    text = f"lambda s: {{{', '.join(parts)}}}"
    function: CompleteOne = eval(text, names)  # noqa: S307 - see above
    return function


def _expression(selected: SelectedField, read: str, index: int, names: dict[str, Any]) -> str:
    if selected.constant is not None:
        return repr(selected.constant)
    if selected.is_deferred:
        return "None"
    value = _value(selected, read, index, names)
    names[f"c{index}"] = selected.completer.one
    is_required = isinstance(selected.kind, GraphQLNonNull)
    inner = selected.kind.of_type if isinstance(selected.kind, GraphQLNonNull) else selected.kind
    test = _IS_COMPLETE.get(inner.name) if isinstance(inner, GraphQLScalarType) else None
    if test is None:
        return f"c{index}({value})"
    if is_required:
        return f"(v if {test.format(v=f'v := {value}')} else c{index}(v))"
    return f"(v if (v := {value}) is None or {test.format(v='v')} else c{index}(v))"


def _value(selected: SelectedField, read: str, index: int, names: dict[str, Any]) -> str:
    if selected.getter is not None:
        names[f"g{index}"] = selected.getter
        return f"g{index}(s)"
    assert selected.name is not None
    assert selected.name.isidentifier()
    text = read.format(name=selected.name)
    if selected.function is None:
        return text
    names[f"m{index}"] = selected.function
    return f"(None if (v := {text}) is None else m{index}(v))"
