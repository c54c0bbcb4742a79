"""Coerces the variables of an operation.

graphql-core coerces types other than String, ID, Int and Boolean, and reports errors.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLError,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    Node,
    Undefined,
    VariableDefinitionNode,
    get_nullable_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values

from schema.server.execution.input_paths import add_paths_of_variables

MOST_ERRORS: Final = 20

_PLAIN: Final[dict[str, type]] = {"ID": str, "String": str, "Int": int, "Boolean": bool}
_INT32: Final = range(-(2**31), 2**31)


@dataclass(slots=True)
class Variables:
    """`plain` has the Python types; None when a variable has another type or a default."""

    schema: GraphQLSchema
    nodes: Collection[VariableDefinitionNode]
    plain: list[tuple[GraphQLVariableSignature, type]] | None

    document: Sequence[Node] = ()
    """The operation and the fragments, in which the variables are used."""

    def coerce(self, given: dict[str, Any]) -> VariableValues | list[GraphQLError]:
        values = None if self.plain is None else _plain_values(self.plain, given)
        if values is not None:
            return values
        coerced = get_variable_values(self.schema, self.nodes, given, max_errors=MOST_ERRORS)
        if isinstance(coerced, list):
            add_paths_of_variables(coerced, self.schema, self.nodes, given, self.document)
        return coerced


def variables_of(
    schema: GraphQLSchema, nodes: Collection[VariableDefinitionNode], document: Sequence[Node] = ()
) -> Variables:
    """Reads the variables of an operation, which must be valid."""
    plain = []
    for node in nodes:
        signature = get_variable_signature(schema, node)
        kind = None if isinstance(signature, GraphQLError) else get_nullable_type(signature.type)
        if not isinstance(kind, GraphQLScalarType) or kind.name not in _PLAIN or node.default_value is not None:
            return Variables(schema, nodes, None, document)
        assert isinstance(signature, GraphQLVariableSignature)
        plain.append((signature, _PLAIN[kind.name]))
    return Variables(schema, nodes, plain, document)


def _plain_values(plain: list[tuple[GraphQLVariableSignature, type]], given: dict[str, Any]) -> VariableValues | None:
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for signature, kind in plain:
        name = signature.name
        value = given.get(name, Undefined)
        sources[name] = VariableValueSource(signature, value)
        if type(value) is kind:
            if kind is int and value not in _INT32:
                return None
        elif (value is not None and value is not Undefined) or isinstance(signature.type, GraphQLNonNull):
            return None
        if value is not Undefined:
            coerced[name] = value
    return VariableValues(sources, coerced)
