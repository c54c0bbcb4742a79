"""Work that is done for one part after another, such as workspaces, until a batch is full."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Part = TypeVar("Part")


async def up_to(limit: int, parts: Iterable[Part], step: Callable[[Part, int], Awaitable[int]]) -> int:
    """Calls `step` with a part and how many rows are left for it, and adds up the rows that it returns.

    Returns their sum, which is at most `limit` when no step does more than it was left.
    """
    done = 0
    for part in parts:
        done += await step(part, limit - done)
        if done >= limit:
            break
    return done
