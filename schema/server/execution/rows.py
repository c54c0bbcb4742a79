"""Types that show database rows, without an instance in between.

A plain attribute is read from the column of its name. Other values are `mapped`, `derived` or `batched`.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any, TypeVar, overload

import strawberry

from schema.server.ids import to_global_id

Shown = TypeVar("Shown")

_by_item: dict[type, bool] = {}


def reads_by_item(kind: type) -> bool:
    """Whether values of this class are read as `row["name"]`; named tuples are read by attribute."""
    known = _by_item.get(kind)
    if known is None:
        has_items = any("__getitem__" in base.__dict__ for base in kind.__mro__)  # without those of its metaclass
        is_named = issubclass(kind, tuple) or hasattr(kind, "__strawberry_definition__")
        known = _by_item[kind] = has_items and not is_named
    return known


def read(source: Any, name: str) -> Any:
    return source[name] if reads_by_item(type(source)) else getattr(source, name)


def ids_of(rows: Iterable[Any]) -> list[int]:
    return [read(row, "id") for row in rows]


def derived(getter: Callable[[Any], Any], **options: Any) -> Any:
    """A field computed from its row by a quick function without I/O."""

    def value(root: Any) -> Any:
        return getter(root)

    return strawberry.field(resolver=value, metadata={"derived": getter}, **options)


def mapped(column: str, function: Callable[[Any], Any], **options: Any) -> Any:
    """A field computed from one column (or attribute); null stays null."""

    def value(root: Any) -> Any:
        stored = read(root, column)
        return None if stored is None else function(stored)

    return strawberry.field(resolver=value, metadata={"mapped": (column, function)}, **options)


def global_id(kind: str, column: str = "id", *, recurring: bool = False, **options: Any) -> Any:
    """A field that shows `column` as the global id of a `kind`; null stays null.

    `recurring` keeps encoded ids: for those that are few and often shown.
    """
    encode = partial(to_global_id, kind)
    return mapped(column, lru_cache(maxsize=16_384)(encode) if recurring else encode, **options)


class Named:
    """A row with the name of its type."""

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
    """The row, which the type checker takes for a `kind`."""
    return row  # type: ignore[no-any-return]


def all_shown(kind: type[Shown], rows: Iterable[Any]) -> list[Shown]:  # noqa: ARG001
    return rows  # type: ignore[return-value]


def named(kind: type[Any], row: Any) -> Any:
    """Makes the row a `kind`, for a field whose type is an interface; None stays None."""
    return None if row is None else Named(kind.__strawberry_definition__.name, row)


def typename_of(value: Any) -> str | None:
    if isinstance(value, Named):
        return value.typename
    definition = getattr(type(value), "__strawberry_definition__", None)
    if definition is not None:
        return str(definition.name)
    if isinstance(value, Mapping):
        return value.get("__typename")
    return None
