"""Pages of keyset connections.

    rows = await contacts.page(scope, ..., limit=page_size(first) + 1)   # one more shows whether there is a next page
    return shown(ContactConnection, page_of(rows, first, after, cursor_of, count=lambda: contacts.count(scope, ...)))

Other fields of an edge (`joined_at`) are columns of its row.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import strawberry

from models.errors import Invalid
from schema.server.execution.batched import batched
from schema.server.execution.rows import read

MAX_PAGE_SIZE = 250

COUNT = 10
"""In points."""

DEFAULT_PAGE_SIZE = 50


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


def page_size(first: int | None, path: str = "first", default: int = DEFAULT_PAGE_SIZE) -> int:
    """Raises Invalid at `path` outside 1 to MAX_PAGE_SIZE."""
    if first is None:
        return default
    if not 1 <= first <= MAX_PAGE_SIZE:
        raise Invalid(f"`{path}` is {first}: ask for between 1 and {MAX_PAGE_SIZE} at a time", (path,))
    return first


def page_info(rows: Sequence[Any], more: bool, after: str | None, cursor_of: Callable[[Any], str]) -> PageInfo:
    return PageInfo(
        has_next_page=more,
        has_previous_page=after is not None,
        start_cursor=cursor_of(rows[0]) if rows else None,
        end_cursor=cursor_of(rows[-1]) if rows else None,
    )


class Edge:
    __slots__ = ("_cursor_of", "node")

    def __init__(self, node: Any, cursor_of: Callable[[Any], str]) -> None:
        self.node = node
        self._cursor_of = cursor_of

    @property
    def cursor(self) -> str:
        return self._cursor_of(self.node)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # an edge must not look awaitable when its row does
            raise AttributeError(name)
        try:
            return read(self.node, name)
        except KeyError:
            raise AttributeError(name) from None


class Page:
    """Edges, cursors and the count are made when they are selected."""

    __slots__ = ("_after", "_count", "_cursor_of", "_more", "nodes")

    def __init__(
        self,
        nodes: Sequence[Any],
        more: bool,
        after: str | None,
        cursor_of: Callable[[Any], str],
        count: Callable[[], Awaitable[int]] | None = None,
    ) -> None:
        self.nodes = nodes
        self._more = more
        self._after = after
        self._cursor_of = cursor_of
        self._count = count

    @property
    def edges(self) -> list[Edge]:
        return [Edge(row, self._cursor_of) for row in self.nodes]

    @property
    def page_info(self) -> PageInfo:
        return page_info(self.nodes, self._more, self._after, self._cursor_of)

    async def count(self) -> int:
        if self._count is None:
            raise RuntimeError("this page was made without a count")
        return await self._count()


def page_of(
    rows: Sequence[Any],
    first: int | None,
    after: str | None,
    cursor_of: Callable[[Any], str],
    count: Callable[[], Awaitable[int]] | None = None,
) -> Page:
    """`rows` has one more than `first` when there is a next page. `count` is called when totalCount is selected."""
    size = page_size(first)
    return Page(rows[:size], len(rows) > size, after, cursor_of, count)


async def _counts(pages: Sequence[Page], _info: strawberry.Info) -> list[int]:
    return [await page.count() for page in pages]


def counted(description: str = "Exact; computed only when asked for.") -> Any:
    """The field of a connection whose pages were made with a `count`."""
    return batched(_counts, cost=COUNT, description=description)
