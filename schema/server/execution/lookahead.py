"""Finds the fields selected below a field, so that resolvers fetch no more."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, SelectionSetNode
from graphql.execution.values import get_directive_values
from graphql.type import GraphQLIncludeDirective, GraphQLSkipDirective

Raw = GraphQLResolveInfo[Any]


def selected(info: Any, *path: str) -> frozenset[str]:
    """The Python names of the fields selected under `path` ("edges", "node"), fragments of any type included."""
    raw: Raw = getattr(info, "_raw_info", info)
    known: dict[Any, frozenset[str]] = raw.context.selections
    key = (path, *map(id, raw.field_nodes))
    try:
        return known[key]
    except KeyError:
        names = known[key] = _find_selected(raw, path)
        return names


def _find_selected(raw: Raw, path: tuple[str, ...]) -> frozenset[str]:
    nodes = list(raw.field_nodes)
    for step in path:
        nodes = [child for child in _children(raw, nodes) if _python_name(child.name.value) == step]
    return frozenset(_python_name(child.name.value) for child in _children(raw, nodes))


def _children(raw: Raw, nodes: list[FieldNode]) -> Iterator[FieldNode]:
    for node in nodes:
        if node.selection_set is not None:
            yield from _fields(raw, node.selection_set)


def _fields(raw: Raw, selections: SelectionSetNode) -> Iterator[FieldNode]:
    for selection in selections.selections:
        if selection.directives and not _included(raw, selection):
            continue
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, FragmentSpreadNode):
            yield from _fields(raw, raw.fragments[selection.name.value].selection_set)
        else:
            yield from _fields(raw, selection.selection_set)  # type: ignore[attr-defined]


def _included(raw: Raw, selection: Any) -> bool:
    skip = get_directive_values(GraphQLSkipDirective, selection, raw.variable_values)
    if skip is not None and skip["if"]:
        return False
    include = get_directive_values(GraphQLIncludeDirective, selection, raw.variable_values)
    return include is None or bool(include["if"])


@lru_cache(maxsize=4096)
def _python_name(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
