"""Where the value of a field comes from."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails
from strawberry.resolvers import is_default_resolver

from schema.server.execution.batched import BatchRows
from schema.server.execution.compiling.completers import CompleteOne, Execution

FetchBatch = Callable[[list[Any], Execution], Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class FieldSource:
    """A column (`name`), one that `function` maps, a value that `getter` derives, or a batched value."""

    name: str
    getter: CompleteOne | None = None
    function: CompleteOne | None = None
    is_batched: bool = False


def find_field_source(definition: GraphQLField) -> FieldSource | None:
    """Returns None when the field has a resolver of its own."""
    described = definition.extensions.get("strawberry-definition")
    if described is None:
        return None
    metadata = described.metadata
    if "mapped" in metadata:
        column, function = metadata["mapped"]
        return FieldSource(column, function=function)
    if "derived" in metadata:
        return FieldSource(described.python_name, getter=metadata["derived"])
    if "batched" in metadata:
        return FieldSource(described.python_name, is_batched=True)
    resolve = definition.resolve
    return FieldSource(described.python_name) if resolve is not None and is_default_resolver(resolve) else None


def fetch_batch(definition: GraphQLField, parent: GraphQLObjectType, details: list[FieldDetails]) -> FetchBatch:
    async def fetch(rows: list[Any], executor: Execution) -> Sequence[Any]:
        values: Sequence[Any] = await executor.resolve(definition, parent, details, BatchRows(rows))
        return values

    return fetch
