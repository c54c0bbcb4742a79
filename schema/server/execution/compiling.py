"""Completes whole subtrees of a response at once, for selections that are known from earlier operations.

The ordinary executor of graphql-core walks every field of every row: it costs some 30 us for a row of ten fields.
Here a selection is turned once, per cached document and type, into one function that makes the dictionary of a row;
fields that are `batched` are fetched for all the rows of a level together, and filled in.

Only the happy path is compiled. Whatever is odd (a null in a non-null place, a value that its scalar refuses, an
awaitable, an exception) raises Fallback, and the ordinary executor does that part again and reports it. Nothing here has
side effects, so doing it again is safe. Fields with a resolver of their own are never compiled."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import Enum
from math import isfinite
from typing import Any, Final, Protocol

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues
from graphql.type import is_abstract_type

from schema.server.execution.batched import BatchRows
from schema.server.execution.rows import Named, reads_by_item, typename_of


class Execution(Protocol):
    """What is needed of the executor: what it executes, and its way to call a resolver for all rows at once."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDetails]
    variable_values: VariableValues
    operation: OperationDefinitionNode

    def resolve(
        self, definition: GraphQLField, parent: GraphQLObjectType, details: list[FieldDetails], source: Any
    ) -> Awaitable[Any]:
        """Call a field's resolver with `source` in a row's place."""


One = Callable[[Any], Any]
"""Completes one value."""

Many = Callable[[Sequence[Any], Execution], Awaitable[list[Any]]]
"""Completes the values of one field of many rows, asking the database on the way."""


class Fallback(Exception):
    """Something that is left to the ordinary executor."""


@dataclass(frozen=True, slots=True)
class Completer:
    """How values of one type and selection are completed: `one` by one, or, when fields below are batched, `many` at
    once."""

    one: One | None = None
    many: Many | None = None


@dataclass(slots=True)
class DeferredField:
    """A field of a selection that needs the database, or has such fields below it."""

    key: str
    completer: Completer
    read: One | None = None
    batch: Callable[[list[Any], Execution], Awaitable[Sequence[Any]]] | None = None


@dataclass(slots=True)
class Selection:
    """The fields asked for of one object type: a function per way of reading a row, and what is filled in
    afterwards."""

    by_item: One
    by_attribute: One
    deep: list[DeferredField] = field(default_factory=list)
    readers: dict[type, One] = field(default_factory=dict)

    def shallow(self, row: Any) -> dict[str, Any]:
        """The row's dictionary, with nothing yet in the places of the deep fields."""
        return self.reader(type(row))(row)  # type: ignore[no-any-return]

    def reader(self, kind: type) -> One:
        """What makes the dictionary of a row of this class. Raises Fallback for what is no row."""
        return self.readers.get(kind) or self._remember_reader(kind)

    def _remember_reader(self, kind: type) -> One:
        reader = self.readers[kind] = self._reader(kind)
        return reader

    def _reader(self, kind: type) -> One:
        manner = _manners.get(kind) or _manner_of(kind)
        if manner is Manner.ITEM:
            return self.by_item
        if manner is Manner.ATTRIBUTE:
            return self.by_attribute
        if manner is Manner.NAMED:
            return lambda row: self.shallow(row.row)
        raise Fallback

    async def complete(self, rows: Sequence[Any], executor: Execution) -> list[dict[str, Any]]:
        """The dictionaries of the rows, deep fields included."""
        done = [self.shallow(row) for row in rows]
        if len(self.deep) == 1:
            await _fill(self.deep[0], rows, done, executor)
        elif rows:
            async with asyncio.TaskGroup() as group:
                for deep in self.deep:
                    group.create_task(_fill(deep, rows, done, executor))
        return done


async def _fill(deep: DeferredField, rows: Sequence[Any], done: list[dict[str, Any]], executor: Execution) -> None:
    if not rows:
        return
    if deep.batch is not None:
        values = await deep.batch([row.row if isinstance(row, Named) else row for row in rows], executor)
    else:
        assert deep.read is not None
        values = [deep.read(row) for row in rows]
    if deep.completer.one is not None:
        completed: list[Any] = [deep.completer.one(value) for value in values]
    else:
        assert deep.completer.many is not None
        completed = await deep.completer.many(values, executor)
    key = deep.key
    for row, value in zip(done, completed, strict=True):
        row[key] = value


# ---------------------------------------------------------------- how values are read


class Manner(Enum):
    """How the fields of a value are read."""

    ITEM = 1
    ATTRIBUTE = 2
    NAMED = 3
    ODD = 4


_manners: dict[type, Manner] = {type(None): Manner.ODD, Named: Manner.NAMED}


def _manner_of(kind: type) -> Manner:
    odd = issubclass(kind, BaseException) or hasattr(kind, "__await__") or hasattr(kind, "__next__")
    manner = Manner.ODD if odd else Manner.ITEM if reads_by_item(kind) else Manner.ATTRIBUTE
    _manners[kind] = manner
    return manner


# ---------------------------------------------------------------- leaves

_FAST: Final = {
    "ID": "type({v}) is str",
    "String": "type({v}) is str",
    "Duration": "type({v}) is str",
    "ChangeCursor": "type({v}) is str",
    "Boolean": "type({v}) is bool",
    "Int": "type({v}) is int and -2147483648 <= v <= 2147483647",
    "BigInt": "type({v}) is int and -9223372036854775808 <= v <= 9223372036854775807",
    "Float": "type({v}) is float and isfinite(v)",
    "DateTime": "type({v}) is datetime and v.tzinfo is UTC",
    "Date": "type({v}) is date",
}
"""Values that are their own completion: the encoder writes an instant in UTC, or a day, just as the scalar does."""

_NAMESPACE: Final = {"datetime": datetime, "date": date, "UTC": UTC, "isfinite": isfinite}


def _leaf(kind: GraphQLScalarType | GraphQLEnumType) -> One:
    if kind.name == "JSON":
        return _json
    if isinstance(kind, GraphQLEnumType):
        return _enum(kind)
    coerce = kind.coerce_output_value

    def complete(value: Any) -> Any:
        if (_manners.get(type(value)) or _manner_of(type(value))) is Manner.ODD:
            raise Fallback
        coerced = coerce(value)
        if coerced is None:
            raise Fallback
        return coerced

    return complete


def _json(value: Any) -> Any:
    if isinstance(value, str):
        return orjson.Fragment(value)
    if isinstance(value, dict | list | int | float):
        return value
    raise Fallback


def _enum(kind: GraphQLEnumType) -> One:
    names: dict[Any, str] = {}
    for name, definition in kind.values.items():
        names[definition.value] = name

    def complete(value: Any) -> Any:
        known = names.get(value)
        return kind.coerce_output_value(value) if known is None else known

    return complete


# ---------------------------------------------------------------- the compiler


class Compiler:
    """Compiles the selections of one document, for one set of values of the variables that skip or include."""

    def __init__(self, executor: Execution) -> None:
        self.executor = executor

    def completer(self, kind: GraphQLOutputType, details: list[FieldDetails]) -> Completer | None:
        """How values of this type and selection are completed; None when the ordinary executor must do it."""
        if isinstance(kind, GraphQLNonNull):
            return self._nullable(kind.of_type, details, none=_refuse)
        return self._nullable(kind, details, none=_accept)

    def _nullable(self, kind: Any, details: list[FieldDetails], none: One) -> Completer | None:
        if isinstance(kind, GraphQLList):
            if _is_text(kind.of_type):
                return _texts(_with_null(_leaf(kind.of_type.of_type), _refuse), none)
            item = self.completer(kind.of_type, details)
            return None if item is None else _list(item, none)
        if isinstance(kind, GraphQLObjectType):
            selection = self.selection(kind, details)
            return None if selection is None else _object(selection, none)
        if is_abstract_type(kind):
            return self._abstract(kind, details, none)
        return _with_null(_leaf(kind), none)

    def _abstract(self, kind: Any, details: list[FieldDetails], none: One) -> Completer | None:
        selections = {}
        for possible in self.executor.schema.get_possible_types(kind):
            selection = self.selection(possible, details)
            if selection is None or selection.deep:
                return None
            selections[possible.name] = selection

        def complete(value: Any) -> Any:
            if value is None:
                return none(value)
            return selections[typename_of(value) or ""].shallow(value)

        return Completer(one=complete)

    def selection(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Selection | None:
        """The compiled selection on this object type; None when a field has a resolver of its own."""
        executor = self.executor
        grouped, defers, _ = collect_subfields(
            executor.schema, executor.fragments, executor.variable_values, executor.operation, kind, details
        )
        if defers:
            return None
        fields: list[SelectedField] = []
        for key, nodes in grouped.items():
            made = self._field(kind, key, nodes)
            if made is None:
                return None
            fields.append(made)
        return _write(fields)

    def _field(self, parent: GraphQLObjectType, key: str, details: list[FieldDetails]) -> "SelectedField | None":
        name = details[0].node.name.value
        if name == "__typename":
            return SelectedField(key, constant=parent.name)
        definition = parent.fields[name]
        manner = _manner_of_field(definition)
        if manner is None:
            return None
        completer = self.completer(definition.type, details)
        if completer is None:
            return None
        if manner.loader:
            return SelectedField(key, completer=completer, batch=_batch(definition, parent, details))
        return SelectedField(
            key,
            completer=completer,
            kind=definition.type,
            name=manner.name,
            getter=manner.getter,
            function=manner.function,
        )


@dataclass(slots=True)
class SelectedField:
    """One field of a selection: where its value comes from, and how it is completed."""

    key: str
    constant: str | None = None
    completer: Completer = field(default_factory=Completer)
    kind: GraphQLOutputType | None = None
    name: str | None = None
    getter: One | None = None
    function: One | None = None
    batch: Callable[[list[Any], Execution], Awaitable[Sequence[Any]]] | None = None

    @property
    def is_deep(self) -> bool:
        return self.batch is not None or self.completer.many is not None


@dataclass(frozen=True, slots=True)
class FieldManner:
    """A plain attribute (`name`), one that a `function` maps, a derived one (`getter`), or a batched one."""

    name: str
    getter: One | None = None
    function: One | None = None
    loader: bool = False


def _manner_of_field(definition: GraphQLField) -> FieldManner | None:
    """How the field's value is found, or None when it has a resolver of its own."""
    described = definition.extensions.get("strawberry-definition")
    if described is None:
        return None
    metadata = described.metadata
    if "mapped" in metadata:
        column, function = metadata["mapped"]
        return FieldManner(column, function=function)
    if "derived" in metadata:
        return FieldManner(described.python_name, getter=metadata["derived"])
    if "batched" in metadata:
        return FieldManner(described.python_name, loader=True)
    return FieldManner(described.python_name) if getattr(definition.resolve, "_is_default", False) else None


def _batch(
    definition: GraphQLField, parent: GraphQLObjectType, details: list[FieldDetails]
) -> Callable[[list[Any], Execution], Awaitable[Sequence[Any]]]:
    async def fetch(rows: list[Any], executor: Execution) -> Sequence[Any]:
        values: Sequence[Any] = await executor.resolve(definition, parent, details, BatchRows(rows))
        return values

    return fetch


# ---------------------------------------------------------------- completers


def _accept(_: None) -> None:
    return None


def _refuse(_: None) -> None:
    raise Fallback


def _with_null(leaf: One, none: One) -> Completer:
    def complete(value: Any) -> Any:
        return none(value) if value is None else leaf(value)

    return Completer(one=complete)


def _object(selection: Selection, none: One) -> Completer:
    if not selection.deep:

        def complete(value: Any) -> Any:
            return none(value) if value is None else selection.reader(type(value))(value)

        return Completer(one=complete)

    async def complete_many(values: Sequence[Any], executor: Execution) -> list[Any]:
        done = iter(await selection.complete([value for value in values if value is not None], executor))
        return [none(value) if value is None else next(done) for value in values]

    return Completer(many=complete_many)


def _is_text(kind: Any) -> bool:
    """Whether this is a type of texts that are never null."""
    return isinstance(kind, GraphQLNonNull) and getattr(kind.of_type, "name", None) in ("String", "ID")


def _texts(item: Completer, none: One) -> Completer:
    slowly = _list(item, none).one
    assert slowly is not None

    def complete(value: Any) -> Any:
        return value if type(value) is list and _TEXT_ONLY.issuperset(map(type, value)) else slowly(value)

    return Completer(one=complete)


_TEXT_ONLY: Final = frozenset({str})


def _list(item: Completer, none: One) -> Completer:
    one = item.one
    if one is not None:

        def complete(value: Any) -> Any:
            if type(value) is list or type(value) is tuple:
                return [one(element) for element in value]
            return none(value) if value is None else _refuse(None)

        return Completer(one=complete)

    async def complete_many(values: Sequence[Any], executor: Execution) -> list[Any]:
        assert item.many is not None
        done = iter(await item.many(list(_flat(values)), executor))
        return [none(value) if value is None else [next(done) for _ in value] for value in values]

    return Completer(many=complete_many)


def _flat(lists: Sequence[Any]) -> Iterator[Any]:
    for value in lists:
        if type(value) is list or type(value) is tuple:
            yield from value
        elif value is not None:
            raise Fallback


# ---------------------------------------------------------------- the function for a row, written out


def _write(fields: list[SelectedField]) -> Selection:
    """Write the two functions that make a row's dictionary out of its items, or out of its attributes."""
    names: dict[str, Any] = dict(_NAMESPACE)
    by_item = _function("s[{name!r}]", fields, names)
    by_attribute = _function("s.{name}", fields, names)
    deep = [
        DeferredField(made.key, made.completer, batch=made.batch, read=None if made.batch else _reader(made))
        for made in fields
        if made.is_deep
    ]
    return Selection(by_item, by_attribute, deep)


def _reader(made: SelectedField) -> One:
    """Reads the field's value from a row, however it is read."""
    value = replace(made, key="value", completer=Completer(one=lambda value: value), kind=None)
    selection = _write([value])
    return lambda row: selection.shallow(row)["value"]


def _function(read: str, fields: list[SelectedField], names: dict[str, Any]) -> One:
    """A function of a row that returns its dictionary.

    The text is made of names of the schema, checked to be identifiers, and of response keys, quoted; GraphQL's grammar
    lets both be letters, digits and underscores only.
    """
    parts = [f"{made.key!r}: {_expression(made, read, place, names)}" for place, made in enumerate(fields)]
    text = f"lambda s: {{{', '.join(parts)}}}"
    made_function: One = eval(text, names)  # noqa: S307 - see above
    return made_function


def _expression(made: SelectedField, read: str, place: int, names: dict[str, Any]) -> str:
    if made.constant is not None:
        return repr(made.constant)
    if made.is_deep:
        return "None"
    value = _value(made, read, place, names)
    names[f"c{place}"] = made.completer.one
    required = isinstance(made.kind, GraphQLNonNull)
    inner = made.kind.of_type if isinstance(made.kind, GraphQLNonNull) else made.kind
    test = _FAST.get(inner.name) if isinstance(inner, GraphQLScalarType) else None
    if test is None:
        return f"c{place}({value})"
    if required:
        return f"(v if {test.format(v=f'v := {value}')} else c{place}(v))"
    return f"(v if (v := {value}) is None or {test.format(v='v')} else c{place}(v))"


def _value(made: SelectedField, read: str, place: int, names: dict[str, Any]) -> str:
    if made.getter is not None:
        names[f"g{place}"] = made.getter
        return f"g{place}(s)"
    assert made.name is not None
    assert made.name.isidentifier()
    text = read.format(name=made.name)
    if made.function is None:
        return text
    names[f"m{place}"] = made.function
    return f"(None if (v := {text}) is None else m{place}(v))"
