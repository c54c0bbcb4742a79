"""Where in the input a wrong value stands, so that a form can show the error beside its field.

A path is that of `userErrors`: below the argument `input` where there is one, else it begins with the argument.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from graphql import (
    ArgumentNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    specified_rules,
    visit,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.language import SKIP, VisitorAction
from graphql.utilities import validate_input_literal, validate_input_value
from graphql.validation import ValuesOfCorrectTypeRule

Path = tuple[str, ...]

INPUT: Final = "input"


class LocatedValues(ValuesOfCorrectTypeRule):
    """Sets `extensions.field` of errors at values that are written in the document, and a location where there is none."""

    argument: str | None = None

    def enter_variable_definition(self, _node: VariableDefinitionNode, *_: Any) -> None:
        self.argument = None

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self.argument = node.name.value

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """The whole value of an argument is checked at once; the parts are not visited."""

        def report(error: GraphQLError, path: list[str | int]) -> None:
            located = GraphQLError(error.message, error.nodes if error.locations else node, original_error=error)
            _set(located, None if self.argument is None else (self.argument, *map(str, path)))
            self.report_error(located)

        if input_type is not None:
            validate_input_literal(node, input_type, report)
        return SKIP


RULES: Final = [LocatedValues if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules]
"""The rules for graphql-core's `validate`."""


def add_paths_of_variables(
    errors: Sequence[GraphQLError],
    schema: GraphQLSchema,
    nodes: Iterable[VariableDefinitionNode],
    given: dict[str, Any],
    document: Sequence[Node],
) -> None:
    """Sets `extensions.field` of errors in the variables `given`, by the argument in which each variable is used first."""
    for definition in nodes:
        of_variable = [error for error in errors if error.nodes and error.nodes[0] is definition]
        if of_variable:
            name = definition.variable.name.value
            used_at = _first_use(name, document)
            for error, path in zip(of_variable, _wrong_paths(schema, definition, given.get(name)), strict=False):
                _set(error, None if used_at is None else (*used_at, *path))


def _first_use(name: str, document: Sequence[Node]) -> Path | None:
    def is_use(node: Node) -> bool:
        return isinstance(node, VariableNode) and node.name.value == name

    return next((path for node in document for path in _paths_to(node, is_use)), None)


def _wrong_paths(schema: GraphQLSchema, definition: VariableDefinitionNode, value: Any) -> list[Path]:
    """Finds the paths in the order of graphql-core's errors, which have them only in their messages."""
    signature = get_variable_signature(schema, definition)
    paths: list[Path] = []
    if not isinstance(signature, GraphQLError):
        validate_input_value(value, signature.type, lambda _, path: paths.append(tuple(map(str, path))))
    return paths


def _set(error: GraphQLError, path: Path | None) -> None:
    if path:
        below = path[1:] if path[0] == INPUT and len(path) > 1 else path
        error.extensions = {**(error.extensions or {}), "field": list(below)}


def _paths_to(root: Node, is_wanted: Callable[[Node], bool]) -> Iterator[Path]:
    """Finds the paths of the wanted nodes in arguments, in the order of the text."""
    search = _Search(is_wanted)
    visit(root, search)
    return iter(search.found)


class _Search(Visitor):
    def __init__(self, is_wanted: Callable[[Node], bool]) -> None:
        super().__init__()
        self.is_wanted = is_wanted
        self.found: list[Path] = []

    def enter(self, node: Node, _key: Any, parent: Any, keys: list[Any], ancestors: list[Any]) -> None:
        if parent is not None and self.is_wanted(node):
            path = _input_path([*ancestors, parent, node], keys)
            if path:
                self.found.append(path)


def _input_path(nodes: Sequence[Any], keys: Sequence[Any]) -> Path:
    """Makes a path of the nodes from the root, with the tuples between them, and the keys that lead from one to the next."""
    path: list[str] = []
    for index, node in enumerate(nodes):
        if isinstance(node, ArgumentNode):
            path = [node.name.value]
        elif isinstance(node, ObjectFieldNode):
            path.append(node.name.value)
        elif path and index >= 2 and isinstance(nodes[index - 2], ListValueNode):
            path.append(str(keys[index - 1]))
    return tuple(path)
