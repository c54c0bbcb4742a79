"""Pages of keyset connections."""

from collections.abc import Callable, Sequence
from typing import Any

import strawberry

from models.errors import Invalid

MAX_PAGE_SIZE = 250
"""The most nodes that one page can hold."""


@strawberry.type
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


def page_size(first: int, path: str = "first") -> int:
    """`first`, checked. Raises Invalid when it is not between 1 and MAX_PAGE_SIZE."""
    if not 1 <= first <= MAX_PAGE_SIZE:
        raise Invalid(f"`{path}` is {first}: ask for between 1 and {MAX_PAGE_SIZE} at a time", (path,))
    return first


def page_info(rows: Sequence[Any], more: bool, after: str | None, cursor_of: Callable[[Any], str]) -> PageInfo:
    """The PageInfo of `rows` (without the one fetched too many), of which `more` follow."""
    return PageInfo(
        has_next_page=more,
        has_previous_page=after is not None,
        start_cursor=cursor_of(rows[0]) if rows else None,
        end_cursor=cursor_of(rows[-1]) if rows else None,
    )
