"""How a field finds its value: rows of the database are what the types show, without an instance in between.

A resolver returns the row itself (`shown(Contact, row)` says so to the type checker). Each plain attribute of the
type is then read from the row's column of the same name. A value that is not a column is `derived` from the row
alone; one that needs the database for many rows at once is `batched`."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any, TypeVar, overload

import strawberry

from schema.server.ids import to_global_id

Shown = TypeVar("Shown")

_by_item: dict[type, bool] = {}


def reads_by_item(kind: type) -> bool:
    """Whether values of this class are rows (`row["name"]`) rather than objects (`object.name`)."""
    known = _by_item.get(kind)
    if known is None:
        has_items = any("__getitem__" in base.__dict__ for base in kind.__mro__)  # not those of its metaclass
        known = _by_item[kind] = has_items and not hasattr(kind, "__strawberry_definition__")
    return known


def read(source: Any, name: str) -> Any:
    """The default resolver: column `name` of a row, attribute `name` of anything else."""
    return source[name] if reads_by_item(type(source)) else getattr(source, name)


def ids_of(rows: Iterable[Any]) -> list[int]:
    """The ids of rows, in their order."""
    return [read(row, "id") for row in rows]


def derived(getter: Callable[[Any], Any], **options: Any) -> Any:
    """A field computed from its row alone, by a plain function that is quick and asks nobody.

    `initials: str = derived(lambda row: row["name"][:1])`
    """

    def value(root: Any) -> Any:
        return getter(root)

    return strawberry.field(resolver=value, metadata={"derived": getter}, **options)


def mapped(column: str, function: Callable[[Any], Any], **options: Any) -> Any:
    """A field computed from one column (or attribute) of its row; null stays null.

    `initial: str | None = mapped("name", lambda name: name[0])`
    """

    def value(root: Any) -> Any:
        found = read(root, column)
        return None if found is None else function(found)

    return strawberry.field(resolver=value, metadata={"mapped": (column, function)}, **options)


def outside_id(kind: str, column: str = "id", *, recurring: bool = False, **options: Any) -> Any:
    """A field that shows the number in `column` as the outside id of a `kind` (null stays null).

    `id: strawberry.ID = outside_id("Contact")`. `recurring`: there are few of them, shown again and again, so what was
    encoded is kept.
    """
    encode = partial(to_global_id, kind)
    return mapped(column, lru_cache(maxsize=16_384)(encode) if recurring else encode, **options)


class Named:
    """A row together with the name of its type, for fields whose type is an interface (`Node`, `Job`)."""

    __slots__ = ("row", "typename")

    def __init__(self, typename: str, row: Any) -> None:
        self.typename = typename
        self.row = row

    def __getitem__(self, name: str) -> Any:
        return read(self.row, name)


@overload
def shown(kind: type[Shown], row: None) -> None: ...
@overload
def shown(kind: type[Shown], row: Any) -> Shown: ...
def shown(kind: type[Shown], row: Any) -> Shown | None:  # noqa: ARG001 - for the type checker
    """The row, seen as a `kind` by the type checker; nothing happens at run time."""
    return row  # type: ignore[no-any-return]


def all_shown(kind: type[Shown], rows: Iterable[Any]) -> list[Shown]:  # noqa: ARG001
    """The rows, seen as a list of `kind` by the type checker."""
    return rows  # type: ignore[return-value]


def named(kind: type[Any], row: Any) -> Any:
    """The row as a `kind`, for a field whose type is an interface. None stays None."""
    return None if row is None else Named(kind.__strawberry_definition__.name, row)


def typename_of(value: Any) -> str | None:
    """The name of the GraphQL type that a value of an interface has, or None when it does not say."""
    if isinstance(value, Named):
        return value.typename
    definition = getattr(type(value), "__strawberry_definition__", None)
    if definition is not None:
        return str(definition.name)
    if isinstance(value, Mapping):
        return value.get("__typename")
    return None
