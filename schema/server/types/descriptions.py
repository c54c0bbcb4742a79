"""A sentence for every field, argument, input field and enum value.

A field can be described where it is declared. The rest is in `descriptions.py` of each noun, by schema coordinates:
`Contact.name`, `Query.contacts(search:)`, `ContactOrder.NAME_ASC`. What means the same everywhere is described here.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
)
from graphql.type import is_composite_type

Described = Any
"""What has a description: a field, an argument, an input field or an enum value."""

FIELDS: Final[Mapping[str, str]] = {
    "createdAt": "When it was created.",
    "cursor": "Pass it as `after` to go on after this one.",
    "deletedId": "The id of what was deleted; null when it was not.",
    "edges": "The page's items, each with its cursor.",
    "endCursor": "The cursor of the last item; pass it as `after` for the next page.",
    "hasNextPage": "Whether more items follow.",
    "hasPreviousPage": "Whether the page began after a cursor.",
    "id": "Its id in every part of the API; opaque.",
    "node": "The item.",
    "nodes": "The page's items.",
    "pageInfo": "Whether there are more items, and how to get them.",
    "startCursor": "The cursor of the first item.",
    "updatedAt": "When it was last changed.",
    "userErrors": "What was wrong with the input; empty when the mutation did what it says.",
}

ARGUMENTS: Final[Mapping[str, str]] = {
    "after": "Begin after the item with this cursor; at the first one when absent.",
    "first": "How many items at most, from 1 to 250.",
    "input": "The values to write.",
}

SERVER: Final[Mapping[str, str]] = {
    "Query.node": "One thing by its id; null when there is none.",
    "Query.node(id:)": "Its id.",
    "Query.nodes": "Several things by their ids, in that order; null for those that there are not.",
    "Query.nodes(ids:)": "Their ids, at most 250.",
    "UserError.code": "What kind of mistake it is.",
    "UserErrorCode.INVALID": "A value has the wrong type or shape.",
    "UserErrorCode.REQUIRED": "A value is missing.",
    "UserErrorCode.NOT_FOUND": "What the input names is not in this workspace.",
    "UserErrorCode.TAKEN": "Something else has this value, which must be unique.",
    "UserErrorCode.CONFLICT": "Somebody changed it since it was read.",
    "UserErrorCode.IN_USE": "Something active depends on it.",
    "UserErrorCode.LIMIT_EXCEEDED": "It is more than is possible.",
    "UserErrorCode.NOT_ALLOWED_IN_STATE": "It cannot be done in the state that it is in.",
    "UserErrorCode.UNSUPPORTED": "It can never be done with this kind of thing.",
}
"""Of what is no noun's, by coordinate."""

PAYLOAD: Final = "As it is after the mutation; null when `userErrors` says why not."


def describe(schema: GraphQLSchema, descriptions: Mapping[str, str]) -> None:
    """Gives everything without a description the one of its coordinate, of its interface, or of its name."""
    for coordinate, parent, name, described in each_described(schema):
        if not described.description:
            described.description = descriptions.get(coordinate) or _usual(parent, name, described, descriptions)


def each_described(schema: GraphQLSchema) -> Iterator[tuple[str, Any, str, Described]]:
    """Yields coordinate, type (or field, of an argument), name, and what can be described."""
    for kind in schema.type_map.values():
        if kind.name.startswith("__"):
            continue
        if isinstance(kind, GraphQLEnumType):
            for name, value in kind.values.items():
                yield f"{kind.name}.{name}", kind, name, value
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for name, field in kind.fields.items():
                yield f"{kind.name}.{name}", kind, name, field
                for argument_name, argument in getattr(field, "args", {}).items():
                    yield f"{kind.name}.{name}({argument_name}:)", field, argument_name, argument


def _usual(parent: Any, name: str, described: Described, descriptions: Mapping[str, str]) -> str | None:
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        of_interface = (_of_interface(interface, name, descriptions) for interface in parent.interfaces)
        known = next(filter(None, of_interface), None) or FIELDS.get(name)
        return known or (PAYLOAD if _is_result(parent, described) else None)
    if isinstance(parent, GraphQLEnumType | GraphQLInputObjectType):
        return None
    return ARGUMENTS.get(name)


def _of_interface(interface: GraphQLInterfaceType, name: str, descriptions: Mapping[str, str]) -> str | None:
    field = interface.fields.get(name)
    return None if field is None else field.description or descriptions.get(f"{interface.name}.{name}")


def _is_result(parent: Any, field: Any) -> bool:
    """Whether the field shows what a mutation has made or changed."""
    return parent.name.endswith("Payload") and is_composite_type(field.type)
