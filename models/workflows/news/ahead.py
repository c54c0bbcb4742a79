"""Reads the page of the log that follows a batch while the batch is written, on a connection of its own.

The log is only appended to, and its positions have no gaps: the page after a position is the same whenever it is read. The reader
moves in the transaction of the batch that lets people in by the page, as if it had read it itself.
"""

import asyncio
import contextvars
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from models import db
from models.errors import MusterError
from models.workflows.news.pages import Page, read
from models.workflows.plans import Plans

KEPT_WORKSPACES: Final = 4
"""With 10,000 changes each."""

KEPT_SECONDS: Final = 5.0
"""Longer than a batch takes, and shorter than it takes to restore a backup, in which the log may go on in another way."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    plans: Plans
    limit: int
    after: int
    read_at: float
    page: Page


_kept: OrderedDict[int, _Ahead] = OrderedDict()


def take(plans: Plans, limit: int, after: int) -> Page | None:
    """The page after this position, if this process has read it."""
    ahead = _kept.pop(plans.scope.workspace_id, None)
    if ahead is None or ahead.plans is not plans or (ahead.limit, ahead.after) != (limit, after):
        return None
    return ahead.page if time.monotonic() - ahead.read_at < KEPT_SECONDS else None


class Ahead:
    """Around the transaction of a batch. Only what follows a batch that was committed is kept.

    async with Ahead() as ahead:
        async with db.transaction():
            ahead.read(plans, limit, position)
    """

    __slots__ = ("_outside", "_reading")

    def __init__(self) -> None:
        self._outside: contextvars.Context | None = None
        self._reading: asyncio.Task[_Ahead | None] | None = None

    async def __aenter__(self) -> "Ahead":
        if not db.in_a_transaction():
            self._outside = contextvars.copy_context()
        return self

    def read(self, plans: Plans, limit: int, after: int) -> None:
        """Begins to read, unless it has begun."""
        if self._reading is None and self._outside is not None:
            self._reading = asyncio.create_task(_read(plans, limit, after), context=self._outside)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._reading is None:
            return
        if kind is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})
            return
        ahead = await self._reading
        if ahead is not None:
            _kept[ahead.plans.scope.workspace_id] = ahead
            if len(_kept) > KEPT_WORKSPACES:
                _kept.popitem(last=False)


async def _read(plans: Plans, limit: int, after: int) -> _Ahead | None:
    """None when it cannot be read: the next batch meets what is wrong."""
    with suppress(MusterError, db.PostgresError, OSError):
        return _Ahead(plans, limit, after, time.monotonic(), await read(plans, limit, after))
    return None
