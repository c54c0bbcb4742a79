"""The scalars of the schema."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final, NewType

import orjson
import strawberry
from graphql import (
    EnumValueNode,
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    value_from_ast_untyped,
)

from models.values.instants import find_day, find_instant
from models.values.numbers import read_decimal

JSON = NewType("JSON", object)
"""Resolvers return JSON text as `str`; arguments are plain Python values."""

Duration = NewType("Duration", str)
"""ISO 8601 text, which the resolver must check."""

BigInt = NewType("BigInt", int)

LocalTime = NewType("LocalTime", str)
"""HH:MM, which the resolver must check."""

ChangeCursor = NewType("ChangeCursor", str)
"""A position in the membership change log."""

StepCursor = NewType("StepCursor", str)
"""A position in the log of workflow steps."""


def to_instant(value: Any) -> datetime:
    """RFC 3339 text to UTC. Raises ValueError with advice."""
    instant = find_instant(value)
    if instant is not None:
        return instant
    raise ValueError(f"{value!r} is not an instant: write it as 2026-11-22T09:30:00Z, always with an offset")


def to_day(value: Any) -> date:
    """Reads YYYY-MM-DD. Raises ValueError that says what would be right."""
    day = find_day(value)
    if day is not None:
        return day
    raise ValueError(f"{value!r} is not a calendar day: write it as 2026-11-22")


def to_big_int(value: Any) -> int:
    """Reads a whole number. Raises ValueError when it needs more than 64 bits."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    raise ValueError(f"{value!r} is not a whole number of at most 64 bits")


def instant_text(value: datetime) -> str:
    """Writes an aware datetime as RFC 3339 text in UTC."""
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no zone")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def json_fragment(value: Any) -> Any:
    """JSON text is inserted unchanged; other values are encoded."""
    return orjson.Fragment(value) if isinstance(value, str) else value


def json_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    """A literal of a document as JSON is read: with an InexactNumber for what cannot be kept."""
    match node:
        case ObjectValueNode():
            return {field.name.value: json_literal(field.value, variables) for field in node.fields}
        case ListValueNode():
            return [json_literal(item, variables) for item in node.values]
        case IntValueNode() | FloatValueNode():
            return read_decimal(node.value)
        case EnumValueNode(value="NaN" | "Infinity"):
            raise GraphQLError(f"{node.value} is not JSON: give a finite number", node)
        case _:
            return value_from_ast_untyped(node, variables)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"{value!r} is not a text")


def _parser(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A ValueError becomes a GraphQLError, so that the caller sees its message."""

    def parse(value: Any) -> Any:
        try:
            return read(value)
        except ValueError as error:
            raise GraphQLError(str(error)) from error

    return parse


SCALARS: Final[dict[object, Any]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant, RFC 3339, always with an offset; the server answers in UTC.",
        serialize=instant_text,
        parse_value=_parser(to_instant),
    ),
    date: strawberry.scalar(
        name="Date", description="A calendar day, YYYY-MM-DD.", serialize=date.isoformat, parse_value=_parser(to_day)
    ),
    Duration: strawberry.scalar(
        name="Duration",
        description="An ISO 8601 duration such as P30D or PT15M.",
        serialize=_text,
        parse_value=_parser(_text),
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value. Numbers are kept exactly, or refused.",
        serialize=json_fragment,
        parse_value=lambda value: value,
        parse_literal=json_literal,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number past 32 bits, as a JSON number.",
        serialize=to_big_int,
        parse_value=_parser(to_big_int),
    ),
    LocalTime: strawberry.scalar(
        name="LocalTime",
        description="A time of day, HH:MM, in the workflow's zone.",
        serialize=_text,
        parse_value=_parser(_text),
    ),
    ChangeCursor: strawberry.scalar(
        name="ChangeCursor",
        description="An opaque, durable position in a workspace's membership change log.",
        serialize=_text,
        parse_value=_parser(_text),
    ),
    StepCursor: strawberry.scalar(
        name="StepCursor",
        description="An opaque, durable position in a workspace's log of workflow steps.",
        serialize=_text,
        parse_value=_parser(_text),
    ),
}
"""For StrawberryConfig.scalar_map."""
