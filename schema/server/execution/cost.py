"""The cost of an operation in points: the highest possible before it runs, the actual one afterwards.

An object costs one point, and fields may have a price; scalars, edges and page infos are free. Before it runs, pages count as
full and lists without a size as LIST_SIZE objects. An operation costs at least 1. One that keeps the database busy for longer
than FREE_SECONDS also pays for the time: a rule over many contacts costs far more than the objects that it finds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
)
from graphql.type import is_leaf_type

LIST_SIZE: Final = 10

MUTATION: Final = 10

SUBSCRIPTION: Final = 10

FREE_SECONDS: Final = 0.05

POINTS_PER_SECOND: Final = 20_000
"""With the usual bucket, a caller can keep two and a half connections busy all the time."""

TREE: Final = "tree"
"""The key of a field's metadata: how many objects its tree has at most, at all depths together."""

_SIZES: Final = ("first", "ids", "numbers")

Variables = dict[str, Any]


@dataclass(slots=True)
class _Node:
    key: str
    price: int
    weight: int
    size: Callable[[Variables], int] | None
    is_list: bool
    is_page: bool
    below: "_Below"
    each: int | None = None
    """The points of each object when they are the same for all."""
    is_never_null: bool = True


@dataclass(slots=True)
class _Below:
    nodes: list[_Node] = field(default_factory=list)

    def requested(self, variables: Variables, page_size: int) -> int:
        """`page_size` is the size of the object if it is a page."""
        return sum(_requested(node, variables, page_size) for node in self.nodes)

    def actual(self, data: dict[str, Any]) -> int:
        points = 0
        for node in self.nodes:  # faster than sum() of a generator
            points += _actual(node, data.get(node.key))
        return points


def _requested(node: _Node, variables: Variables, page_size: int) -> int:
    size = page_size if node.size is None else node.size(variables)
    each = node.weight + node.below.requested(variables, size if node.is_page else LIST_SIZE)
    return node.price + (each * size if node.is_list else each)


def _actual(node: _Node, value: Any) -> int:
    if value is None:
        return node.price
    if node.each is not None:
        return node.price + (node.each * len(value) if node.is_list else node.each)
    if not node.is_list:
        return node.price + node.weight + node.below.actual(value)
    return node.price + sum([node.weight + node.below.actual(item) for item in value if item is not None])


@dataclass(slots=True)
class Cost:
    base: int
    root: _Below
    fixed: int | None = None
    """The highest possible cost, when no size depends on variables."""

    def requested(self, variables: Variables) -> int:
        """Returns the highest possible cost with these coerced variables."""
        if self.fixed is not None:
            return self.fixed
        return max(1, self.base + self.root.requested(variables, LIST_SIZE))

    def actual(self, data: dict[str, Any] | None) -> int:
        return max(1, self.base + (0 if data is None else self.root.actual(data)))


def cost_of_time(seconds: float) -> int:
    """Returns the points of an operation that held connections to the database for so long."""
    return max(0, int((seconds - FREE_SECONDS) * POINTS_PER_SECOND))


def cost_of(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Iterable[FragmentDefinitionNode]
) -> Cost:
    """Returns the cost of an operation, which must be valid."""
    root = schema.get_root_type(operation.operation)
    reader = _Reader(schema, {fragment.name.value: fragment for fragment in fragments})
    below = reader.below([operation.selection_set], root)
    base = _base_of(operation.operation, below)
    cost = Cost(base, below)
    return cost if reader.varies else Cost(base, below, cost.requested({}))


def _base_of(kind: OperationType, root: _Below) -> int:
    if kind is OperationType.MUTATION:
        return MUTATION * len(root.nodes)
    return SUBSCRIPTION if kind is OperationType.SUBSCRIPTION else 0


@dataclass(slots=True)
class _Reader:
    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    known: dict[Any, _Below] = field(default_factory=dict)
    varies: bool = False
    """Whether a size depends on variables."""

    def below(
        self,
        selections: Sequence[SelectionSetNode],
        parent: GraphQLNamedType | None,
        tree: GraphQLField | None = None,
    ) -> _Below:
        """`tree` is the field that led here, when it is of a tree: each level of it finds at most the whole tree."""
        key = (*map(id, selections), id(parent), id(tree))
        if key not in self.known:
            groups: dict[tuple[str, int], tuple[GraphQLField, list[FieldNode]]] = {}
            for selection in selections:
                self._group(selection, parent, groups)
            nodes = [self._node(response_key, *group, parent, tree) for (response_key, _), group in groups.items()]
            self.known[key] = _Below([node for node in nodes if node is not None])
        return self.known[key]

    def _group(self, selections: SelectionSetNode, parent: Any, groups: dict[Any, Any]) -> None:
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                definition = self.schema.get_field(parent, selection.name.value)
                if definition is not None:
                    name = selection.alias or selection.name
                    groups.setdefault((name.value, id(definition)), (definition, []))[1].append(selection)
                continue
            is_spread = isinstance(selection, FragmentSpreadNode)
            fragment: Any = self.fragments[selection.name.value] if is_spread else selection  # type: ignore[attr-defined]
            condition = fragment.type_condition
            inner = parent if condition is None else self.schema.get_type(condition.name.value)
            self._group(fragment.selection_set, inner, groups)

    def _node(
        self, key: str, definition: GraphQLField, nodes: list[FieldNode], parent: Any, tree: GraphQLField | None
    ) -> _Node | None:
        kind = get_named_type(definition.type)
        price = _option(definition, "cost")
        if is_leaf_type(kind):
            return _Node(key, price, 0, None, False, False, _Below(), each=0) if price else None
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        weight = 0 if _is_free(kind, parent) else 1
        is_list = isinstance(get_nullable_type(definition.type), GraphQLList)
        size = _size_of(definition, nodes[0], is_list)
        objects = _option(definition, TREE)
        if objects:
            size = _constant(1 if definition is tree else objects)
        self.varies |= isinstance(size, _SizeOfVariable)
        below = self.below(sets, kind, definition if objects else None)
        each = weight + sum(inner.price + (inner.each or 0) for inner in below.nodes)
        is_even = all(inner.each is not None and not inner.is_list and inner.is_never_null for inner in below.nodes)
        is_page = not is_list and size is not None
        is_never_null = isinstance(definition.type, GraphQLNonNull)
        return _Node(key, price, weight, size, is_list, is_page, below, each if is_even else None, is_never_null)


def _option(definition: GraphQLField, name: str) -> int:
    described = definition.extensions.get("strawberry-definition")
    return 0 if described is None else int(described.metadata.get(name, 0))


def _is_free(kind: GraphQLNamedType, parent: Any) -> bool:
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) or kind.name.startswith("__"):
        return True
    return kind.name == "PageInfo" or kind.name.endswith("Edge") or (parent is not None and parent.name == "Mutation")


def _size_of(definition: GraphQLField, node: FieldNode, is_list: bool) -> Callable[[Variables], int] | None:
    """The number of objects in a field; None for single objects and for the lists of a page."""
    for name in _SIZES:
        argument = definition.args.get(name)
        if argument is None:
            continue
        for given in node.arguments or ():
            if given.name.value == name:
                return _size_from(given.value)
        default = argument.default_value
        if isinstance(default, int):
            return lambda _: default
    if is_list and node.name.value not in ("edges", "nodes"):
        return lambda _: LIST_SIZE
    return None


def _constant(size: int) -> Callable[[Variables], int]:
    return lambda _: size


def _size_from(value: Any) -> Callable[[Variables], int]:
    if isinstance(value, IntValueNode):
        size = max(0, int(value.value))
        return lambda _: size
    if isinstance(value, ListValueNode):
        length = len(value.values)
        return lambda _: length
    if isinstance(value, VariableNode):
        return _SizeOfVariable(value.name.value)
    return lambda _: LIST_SIZE


@dataclass(frozen=True, slots=True)
class _SizeOfVariable:
    name: str

    def __call__(self, variables: Variables) -> int:
        value = variables.get(self.name)
        if isinstance(value, int):
            return max(0, value)
        return len(value) if isinstance(value, list) else LIST_SIZE
