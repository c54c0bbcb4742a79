"""Batched fields: their values are fetched for all rows of a list at once.

    async def segments_of(contacts: Sequence[Row], info: Info, first: int = 50) -> Sequence[Page]: ...

    segments: ContactSegmentConnection = batched(segments_of)

A loader returns one value per row, in order; an exception as a value is raised for its row alone. Values depend only on rows,
arguments, workspace and permissions: subscribers equal in these share them.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import strawberry

Loader = Callable[..., Awaitable[Sequence[Any]]]


def batched(loader: Loader, *, cost: int = 0, **options: Any) -> Any:
    """`cost` is the price per row in points; `options` go to strawberry.field."""

    async def value(root: Any, info: strawberry.Info, **arguments: Any) -> Any:
        if type(root) is BatchRows:
            return await load(loader, root.rows, info, arguments)
        return await _batch_of(info, loader, arguments).value_for(root)

    value.__signature__ = _field_signature(value, loader)  # type: ignore[attr-defined]
    value.__module__ = loader.__module__
    value.__annotations__ = {
        name: parameter.annotation for name, parameter in inspect.signature(value).parameters.items()
    }
    return strawberry.field(resolver=value, metadata={"batched": loader, "cost": cost}, **options)


def _field_signature(value: Callable[..., Any], loader: Loader) -> inspect.Signature:
    context = list(inspect.signature(value).parameters.values())[:2]
    arguments = list(inspect.signature(loader).parameters.values())[2:]
    keyword_only = [argument.replace(kind=inspect.Parameter.KEYWORD_ONLY) for argument in arguments]
    return inspect.Signature([*context, *keyword_only])


class BatchRows:
    __slots__ = ("rows",)

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows


class Batch:
    """The rows of one selected field in the same iteration of the event loop."""

    def __init__(self, info: strawberry.Info, loader: Loader, arguments: dict[str, Any]) -> None:
        self.info = info
        self.loader = loader
        self.arguments = arguments
        self.rows: list[Any] = []
        self.loading: asyncio.Task[Sequence[Any]] | None = None
        self.is_closed = False

    async def value_for(self, row: Any) -> Any:
        index = len(self.rows)
        self.rows.append(row)
        if self.loading is None:
            self.loading = asyncio.ensure_future(self._load())
        value = (await self.loading)[index]
        if isinstance(value, Exception):
            raise value
        return value

    async def _load(self) -> Sequence[Any]:
        await asyncio.sleep(0)
        self.is_closed = True
        return await load(self.loader, self.rows, self.info, self.arguments)


async def load(loader: Loader, rows: list[Any], info: Any, arguments: dict[str, Any]) -> Sequence[Any]:
    """Raises RuntimeError unless the loader returns one value per row."""
    values = await loader(rows, info, **arguments)
    if len(values) != len(rows):
        raise RuntimeError(f"{loader.__qualname__} answered {len(values)} values for {len(rows)} rows")
    return values


def _batch_of(info: strawberry.Info, loader: Loader, arguments: dict[str, Any]) -> Batch:
    batches: dict[Any, Batch] = info.context.batches
    key = (loader, *map(id, info._raw_info.field_nodes))  # noqa: SLF001 - two aliases of a field differ only in their nodes
    batch = batches.get(key)
    if batch is None or batch.is_closed:
        batch = batches[key] = Batch(info, loader, arguments)
    return batch
