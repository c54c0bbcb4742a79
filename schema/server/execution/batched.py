"""Fields whose values for many rows are fetched at once: one statement for a list, never one for each of its rows.

    async def segments_of(contacts: Sequence[Row], info: Info, first: int = 50, after: str | None = None) ->
    Sequence[Page]:
        "One page of segments for each contact, in the order of the contacts."
        ...

    @strawberry.type
    class Contact(Node):
        segments: ContactSegmentConnection = batched(segments_of)

The arguments after the first two are the field's arguments. The answer has one value per row, in the rows' order; a
value that is an exception is raised for its row alone.

What a loader answers depends on the rows, its arguments, the workspace, and the permissions of who asks, on nothing else about
them: what happens is told once for all subscribers who are alike in these."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import strawberry

Loader = Callable[..., Awaitable[Sequence[Any]]]


def batched(loader: Loader, *, cost: int = 0, **options: Any) -> Any:
    """A field that `loader` fetches for all the rows of a list at once.

    `cost` is what it costs in points for each row besides the objects that it gives; `options` go to strawberry.field.
    """

    async def value(root: Any, info: strawberry.Info, **arguments: Any) -> Any:
        if type(root) is BatchRows:
            return await load(loader, root.rows, info, arguments)
        return await _batch_of(info, loader, arguments).value_for(root)

    value.__signature__ = _signature_for_one(value, loader)  # type: ignore[attr-defined]
    value.__module__ = loader.__module__
    value.__annotations__ = {
        name: parameter.annotation for name, parameter in inspect.signature(value).parameters.items()
    }
    return strawberry.field(resolver=value, metadata={"batched": loader, "cost": cost}, **options)


def _signature_for_one(value: Callable[..., Any], loader: Loader) -> inspect.Signature:
    own = list(inspect.signature(value).parameters.values())[:2]
    arguments = list(inspect.signature(loader).parameters.values())[2:]
    keyword_only = [argument.replace(kind=inspect.Parameter.KEYWORD_ONLY) for argument in arguments]
    return inspect.Signature([*own, *keyword_only])


class BatchRows:
    """All the rows of a list, where a resolver would find one of them: how the compiled executor asks."""

    __slots__ = ("rows",)

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows


class Batch:
    """The rows that asked for one field of one selection in the same turn of the event loop."""

    def __init__(self, info: strawberry.Info, loader: Loader, arguments: dict[str, Any]) -> None:
        self.info = info
        self.loader = loader
        self.arguments = arguments
        self.rows: list[Any] = []
        self.answer: asyncio.Task[Sequence[Any]] | None = None
        self.closed = False

    async def value_for(self, row: Any) -> Any:
        """The value for this row, once all the rows of the turn are known and fetched."""
        place = len(self.rows)
        self.rows.append(row)
        if self.answer is None:
            self.answer = asyncio.ensure_future(self._load())
        value = (await self.answer)[place]
        if isinstance(value, Exception):
            raise value
        return value

    async def _load(self) -> Sequence[Any]:
        await asyncio.sleep(0)
        self.closed = True
        return await load(self.loader, self.rows, self.info, self.arguments)


async def load(loader: Loader, rows: list[Any], info: Any, arguments: dict[str, Any]) -> Sequence[Any]:
    """Call the loader and hold it to its word: one value per row."""
    values = await loader(rows, info, **arguments)
    if len(values) != len(rows):
        raise RuntimeError(f"{loader.__qualname__} answered {len(values)} values for {len(rows)} rows")
    return values


def _batch_of(info: strawberry.Info, loader: Loader, arguments: dict[str, Any]) -> Batch:
    batches: dict[Any, Batch] = info.context.batches
    key = (loader, *map(id, info._raw_info.field_nodes))  # noqa: SLF001 - the nodes are what tells two aliases apart
    batch = batches.get(key)
    if batch is None or batch.closed:
        batch = batches[key] = Batch(info, loader, arguments)
    return batch
