"""Turns what resolvers return into values of the response."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import FieldDetails, FragmentDetails
from graphql.execution.values import VariableValues


class Execution(Protocol):
    schema: GraphQLSchema
    fragments: dict[str, FragmentDetails]
    variable_values: VariableValues
    operation: OperationDefinitionNode

    def resolve(
        self, definition: GraphQLField, parent: GraphQLObjectType, details: list[FieldDetails], source: Any
    ) -> Awaitable[Any]:
        """`source` takes the place of a row."""


CompleteOne = Callable[[Any], Any]

CompleteMany = Callable[[Sequence[Any], Execution], Awaitable[list[Any]]]


class Fallback(Exception):
    """The ordinary executor must complete this value."""


@dataclass(frozen=True, slots=True)
class Completer:
    """`many` is used when fields below are batched."""

    one: CompleteOne | None = None
    many: CompleteMany | None = None


def accept_null(_: None) -> None:
    """Completes null of a nullable type."""


def refuse_null(_: None) -> None:
    """Raises Fallback: the ordinary executor must report null in a non-null type."""
    raise Fallback


def nullable(complete_value: CompleteOne, complete_null: CompleteOne) -> Completer:
    def complete(value: Any) -> Any:
        return complete_null(value) if value is None else complete_value(value)

    return Completer(one=complete)


def list_of(item: Completer, complete_null: CompleteOne) -> Completer:
    one = item.one
    if one is not None:

        def complete(value: Any) -> Any:
            if type(value) is list or type(value) is tuple:
                return [one(element) for element in value]
            return complete_null(value) if value is None else refuse_null(None)

        return Completer(one=complete)

    async def complete_many(values: Sequence[Any], executor: Execution) -> list[Any]:
        assert item.many is not None
        completed = iter(await item.many(list(_flat(values)), executor))
        return [complete_null(value) if value is None else [next(completed) for _ in value] for value in values]

    return Completer(many=complete_many)


def _flat(lists: Sequence[Any]) -> Iterator[Any]:
    for value in lists:
        if type(value) is list or type(value) is tuple:
            yield from value
        elif value is not None:
            raise Fallback


_STRINGS_ONLY: Final = frozenset({str})


def list_of_strings(item: Completer, complete_null: CompleteOne) -> Completer:
    complete_items = list_of(item, complete_null).one
    assert complete_items is not None

    def complete(value: Any) -> Any:
        return value if type(value) is list and _STRINGS_ONLY.issuperset(map(type, value)) else complete_items(value)

    return Completer(one=complete)
