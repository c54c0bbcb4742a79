"""The schema, put together from the nouns."""

from collections.abc import Sequence
from typing import Any

import strawberry
from graphql import GraphQLAbstractType, GraphQLDefaultInput, GraphQLSchema, Undefined, parse_const_value
from graphql.type import is_abstract_type, is_input_object_type, is_object_type
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from schema.accounts.members import PeopleMutation, PeopleQuery
from schema.broadcasts.broadcasts import BroadcastQuery
from schema.broadcasts.mutations import BroadcastMutation, BroadcastSubscription
from schema.contacts.activities import ActivityMutation
from schema.contacts.contacts import ContactMutation, ContactQuery
from schema.jobs.jobs import JobMutation, JobQuery, JobSubscription
from schema.membership.changes import ChangeQuery, ChangeSubscription
from schema.messaging.channels import ChannelMutation, ChannelQuery
from schema.rules.rules import RuleQuery
from schema.segments.mutations import RecomputeJob, SegmentContactsJob, SegmentMutation
from schema.segments.segments import SegmentQuery
from schema.server.context import Info
from schema.server.execution.rows import read, typename_of
from schema.server.guard import SIGNED_IN, query, scope_of
from schema.server.types.connection import page_size
from schema.server.types.nodes import Node, find_nodes
from schema.server.types.scalars import SCALARS
from schema.transfers.exports import ExportJob, ExportMutation
from schema.transfers.imports.mutations import ImportMutation
from schema.transfers.imports.queries import ImportQuery
from schema.transfers.imports.types import ImportJob


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


QUERIES: list[type] = [
    NodeQuery,
    PeopleQuery,
    ContactQuery,
    RuleQuery,
    SegmentQuery,
    ChangeQuery,
    JobQuery,
    ImportQuery,
    BroadcastQuery,
    ChannelQuery,
]
"""Each noun's queries: add yours."""

MUTATIONS: list[type] = [
    PeopleMutation,
    ContactMutation,
    ActivityMutation,
    SegmentMutation,
    JobMutation,
    ImportMutation,
    ExportMutation,
    BroadcastMutation,
    ChannelMutation,
]
"""Each noun's mutations: add yours."""

SUBSCRIPTIONS: list[type] = [JobSubscription, ChangeSubscription, BroadcastSubscription]
"""Each noun's subscriptions: add yours."""

TYPES: list[type] = [RecomputeJob, SegmentContactsJob, ImportJob, ExportJob]
"""Types that no field names by themselves, such as the kinds of an interface."""


def build_schema(
    queries: Sequence[type] = QUERIES,
    mutations: Sequence[type] = MUTATIONS,
    subscriptions: Sequence[type] = SUBSCRIPTIONS,
    types: Sequence[type] = TYPES,
) -> GraphQLSchema:
    """The executable schema. Rows stand for the types' instances; interfaces ask the value which type it is."""
    schema = strawberry.Schema(
        query=merge_types("Query", tuple(queries)),
        mutation=merge_types("Mutation", tuple(mutations)) if mutations else None,
        subscription=merge_types("Subscription", tuple(subscriptions)) if subscriptions else None,
        types=types,
        config=StrawberryConfig(default_resolver=read, scalar_map=SCALARS),
    )
    return _with_rows(schema._schema)  # noqa: SLF001 - strawberry describes it; our own executor runs it


def _with_rows(schema: GraphQLSchema) -> GraphQLSchema:
    for kind in schema.type_map.values():
        if is_object_type(kind):
            kind.is_type_of = None
        elif is_abstract_type(kind):
            kind.resolve_type = _typename
        elif is_input_object_type(kind):
            # Otherwise it would not be printed, nor told where more than one member, or none, is set.
            kind.is_one_of = kind.extensions["strawberry-definition"].is_one_of
        for field in getattr(kind, "fields", {}).values():
            _without_null_defaults(field)
            _with_literal_default(field)
    return schema


def _without_null_defaults(field: Any) -> None:
    """An argument that may be absent is written as the contract has it: `after: String`, not `after: String = null`."""
    for argument in getattr(field, "args", {}).values():
        if argument.default_value is None:
            argument.default_value = Undefined


def _with_literal_default(field: Any) -> None:
    """A default that is an empty JSON object is kept as it is written: a scalar cannot print it."""
    if getattr(field, "default_value", None) == {}:
        field.default, field.default_value = GraphQLDefaultInput(literal=parse_const_value("{}")), Undefined


def _typename(value: Any, _info: Any, _kind: GraphQLAbstractType) -> str | None:
    return typename_of(value)
