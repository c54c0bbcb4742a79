"""When to look again for what time alone brings about: soon if it is near, later if it is far, and never in vain for long."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

STEPS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (0.2, 1, 5, 25, 120, 600, 3_000, 15_000, 75_000, 375_000)
)


async def look_again_at(exists: Callable[[datetime], Awaitable[bool]], now: datetime) -> datetime:
    """The last step before something happens, for `exists(until)`: it happens in (now, until].

    What is far is looked at again at a fifth of the way, so that it is met to a fraction of a second after some looks.
    """
    for before, step in pairwise(STEPS):
        if await exists(now + step):
            return now + before
    return now + STEPS[-1]
