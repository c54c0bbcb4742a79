"""Prepares the call of a root query's resolver, once per document.

Without it, graphql-core and strawberry convert the arguments each time: a third of the time of a query for one contact.
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
    """Undefined when it is neither a literal nor a default."""

    name: str
    value: Any


class _FromVariable(NamedTuple):
    name: str
    variable: str
    takes_null: bool
    is_required: bool
    is_leaf: bool
    default: Any
    """Undefined leaves the argument out."""


@dataclass(frozen=True, slots=True)
class RootCall:
    replaced: Any
    """The `resolve` that this call replaces."""

    resolver: Callable[..., Awaitable[Any]]
    field: Any
    constants: dict[str, Any]
    from_variables: tuple[_FromVariable, ...]

    def arguments(self, variables: dict[str, Any]) -> dict[str, Any] | None:
        """The variables are coerced. None for the ordinary executor."""
        values = self.constants.copy()
        for argument in self.from_variables:
            value = variables.get(argument.variable, _ABSENT)
            if value is _ABSENT:
                if argument.is_required:
                    return None
                value = argument.default
            elif not argument.takes_null if value is None else not argument.is_leaf:
                return None
            if value is not Undefined:
                values[argument.name] = value
        return values


_ABSENT: Final = object()


def find_root_call(definition: GraphQLField, details: list[FieldDetails]) -> RootCall | None:
    """Returns None when the ordinary executor must call the resolver."""
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
    constants = {arg.name: arg.value for arg in arguments if isinstance(arg, _Constant) and arg.value is not Undefined}
    from_variables = tuple(arg for arg in arguments if isinstance(arg, _FromVariable))
    return RootCall(definition.resolve, resolver, described, constants, from_variables)


def _argument(
    node: FieldNode, name: str, argument: GraphQLArgument, given: ArgumentNode | None
) -> _Constant | _FromVariable | None:
    """Returns None for what strawberry converts: lists, input objects, Maybe."""
    described = argument.extensions["strawberry-definition"]
    is_required, is_leaf = is_required_argument(argument), is_leaf_type(get_nullable_type(argument.type))
    value_node = None if given is None else given.value
    if isinstance(described.type, StrawberryMaybe) or isinstance(value_node, ListValueNode | ObjectValueNode):
        return None
    if isinstance(value_node, VariableNode):
        default = Undefined if is_required else _coerced(node, name, argument, None)
        if not is_leaf and default is not Undefined and default is not None:
            return None
        takes_null = not is_non_null_type(argument.type)
        return _FromVariable(described.python_name, value_node.name.value, takes_null, is_required, is_leaf, default)
    value = _coerced(node, name, argument, given)
    return _Constant(described.python_name, value) if is_leaf or value is Undefined or value is None else None


def _coerced(node: Any, name: str, argument: GraphQLArgument, given: Any) -> Any:
    coerced: dict[str, Any] = {}
    coerce_argument(coerced, node, name, argument, given, None, None)
    return next(iter(coerced.values()), Undefined)
