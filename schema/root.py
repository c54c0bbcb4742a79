"""The schema, put together from the nouns."""

from typing import Any

import strawberry
from graphql import GraphQLAbstractType, GraphQLSchema, Undefined
from graphql.type import is_abstract_type, is_object_type
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from schema.context import Info
from schema.kit.connection import page_size
from schema.kit.guard import SIGNED_IN, query, scope_of
from schema.kit.nodes import Node, find_nodes
from schema.kit.rows import read, typename_of
from schema.kit.scalars import SCALARS


@strawberry.type
class NodeQuery:
    """Anything, by its id."""

    @query(SIGNED_IN)
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return (await find_nodes(scope_of(info), [id]))[0]  # type: ignore[return-value]

    @query(SIGNED_IN)
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        page_size(len(ids) or 1, "ids")
        return await find_nodes(scope_of(info), ids)  # type: ignore[return-value]


QUERIES: list[type] = [NodeQuery]
"""Each noun's queries: add yours."""

MUTATIONS: list[type] = []
"""Each noun's mutations: add yours."""

SUBSCRIPTIONS: list[type] = []
"""Each noun's subscriptions: add yours."""

TYPES: list[type] = []
"""Types that no field names by themselves, such as the kinds of an interface."""


def build_schema() -> GraphQLSchema:
    """The executable schema. Rows stand for the types' instances; interfaces ask the value which type it is."""
    schema = strawberry.Schema(
        query=merge_types("Query", tuple(QUERIES)),
        mutation=merge_types("Mutation", tuple(MUTATIONS)) if MUTATIONS else None,
        subscription=merge_types("Subscription", tuple(SUBSCRIPTIONS)) if SUBSCRIPTIONS else None,
        types=TYPES,
        config=StrawberryConfig(default_resolver=read, scalar_map=SCALARS),
    )
    return _with_rows(schema._schema)  # noqa: SLF001 - strawberry describes it; our own executor runs it


def _with_rows(schema: GraphQLSchema) -> GraphQLSchema:
    for kind in schema.type_map.values():
        if is_object_type(kind):
            kind.is_type_of = None
        elif is_abstract_type(kind):
            kind.resolve_type = _typename
        for field in getattr(kind, "fields", {}).values():
            _without_null_defaults(field)
    return schema


def _without_null_defaults(field: Any) -> None:
    """An argument that may be absent is written as the contract has it: `after: String`, not `after: String = null`."""
    for argument in getattr(field, "args", {}).values():
        if argument.default_value is None:
            argument.default_value = Undefined


def _typename(value: Any, _info: Any, _kind: GraphQLAbstractType) -> str | None:
    return typename_of(value)
