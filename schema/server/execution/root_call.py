"""How the resolver of a root query is called, worked out once for each document.

graphql-core and strawberry coerce, rename and convert the arguments of a field anew for each operation, and wrap its resolver in
coroutines of their own: a third of what one contact by id costs. Where every argument is a leaf, a variable's value is the
resolver's argument as it is, and all else is the same each time.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    VariableNode,
    get_nullable_type,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import coerce_argument
from graphql.type import is_leaf_type, is_non_null_type, is_required_argument
from strawberry.schema import schema_converter
from strawberry.types.base import StrawberryMaybe


class _Constant(NamedTuple):
    """An argument that is a literal, or its default; Undefined when it has none."""

    name: str
    value: Any


class _FromVariable(NamedTuple):
    """An argument whose value is a variable's."""

    name: str
    variable: str
    takes_null: bool
    is_required: bool
    is_leaf: bool
    otherwise: Any
    """What it is when the variable is not given (Undefined: it is left out)."""


@dataclass(frozen=True, slots=True)
class RootCall:
    """The resolver, made by `guard.query`, and its arguments by their names in Python."""

    instead_of: Any
    """The field's `resolve`, made by strawberry, of which this takes the place."""

    resolver: Callable[..., Awaitable[Any]]
    field: Any
    constant: dict[str, Any]
    variable: tuple[_FromVariable, ...]

    def arguments(self, variables: dict[str, Any]) -> dict[str, Any] | None:
        """The arguments with these (coerced) variables; None when they are left to the ordinary executor."""
        values = self.constant.copy()
        for one in self.variable:
            value = variables.get(one.variable, _ABSENT)
            if value is _ABSENT:
                if one.is_required:
                    return None
                value = one.otherwise
            elif not one.takes_null if value is None else not one.is_leaf:
                return None
            if value is not Undefined:
                values[one.name] = value
        return values


_ABSENT: Final = object()


def root_call(definition: GraphQLField, details: list[FieldDetails]) -> RootCall | None:
    """How to call this field's resolver; None for fields that are left to the ordinary executor."""
    described = definition.extensions.get("strawberry-definition")
    if described is None or described.extensions or details[0].fragment_variable_values is not None:
        return None
    resolver = described.metadata.get("query")
    if resolver is None or getattr(definition.resolve, "__module__", None) != schema_converter.__name__:
        return None
    node = details[0].node
    given = {argument.name.value: argument for argument in node.arguments or ()}
    arguments = [_argument(node, name, argument, given.get(name)) for name, argument in definition.args.items()]
    if None in arguments:
        return None
    constant = {one.name: one.value for one in arguments if isinstance(one, _Constant) and one.value is not Undefined}
    variable = tuple(one for one in arguments if isinstance(one, _FromVariable))
    return RootCall(definition.resolve, resolver, described, constant, variable)


def _argument(
    node: FieldNode, name: str, argument: GraphQLArgument, given: ArgumentNode | None
) -> _Constant | _FromVariable | None:
    """Where an argument's value comes from; None for what strawberry converts: lists, input objects, Maybe."""
    described = argument.extensions["strawberry-definition"]
    is_required, is_leaf = is_required_argument(argument), is_leaf_type(get_nullable_type(argument.type))
    value_node = None if given is None else given.value
    if isinstance(described.type, StrawberryMaybe) or isinstance(value_node, ListValueNode | ObjectValueNode):
        return None
    if isinstance(value_node, VariableNode):
        otherwise = Undefined if is_required else _value(node, name, argument, None)
        if not is_leaf and otherwise is not Undefined and otherwise is not None:
            return None
        takes_null = not is_non_null_type(argument.type)
        return _FromVariable(described.python_name, value_node.name.value, takes_null, is_required, is_leaf, otherwise)
    value = _value(node, name, argument, given)
    return _Constant(described.python_name, value) if is_leaf or value is Undefined or value is None else None


def _value(node: Any, name: str, argument: GraphQLArgument, given: Any) -> Any:
    """The coerced value of an argument that is a literal, or the default of one that is not given."""
    coerced: dict[str, Any] = {}
    coerce_argument(coerced, node, name, argument, given, None, None)
    return next(iter(coerced.values()), Undefined)
