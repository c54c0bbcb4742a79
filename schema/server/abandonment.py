"""Ends work that nobody waits for any more.

A page that asks for a preview at each keystroke gives up the answer before; what PostgreSQL still counts for it is stopped.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from schema.server.refusals import Abandoned
from schema.server.time_limits import SharedTimer, TimedBlock

WATCHED_AFTER_SECONDS: Final = 0.05
"""Shorter work is not worth a task that watches the client."""

Gone = Callable[[], Awaitable[object]]
"""Ends when the client has gone. It may be cancelled."""


class WhileWanted(SharedTimer):
    """Ends blocks whose client has gone.

    with while_wanted.block(gone):
        await work()  # raises Abandoned
    """

    __slots__ = ()

    def block(self, gone: Gone) -> "_WantedBlock":
        return _WantedBlock(self, gone)


class _WantedBlock(TimedBlock):
    __slots__ = ("gone", "watching")

    def __init__(self, timer: WhileWanted, gone: Gone) -> None:
        super().__init__(timer)
        self.gone = gone
        self.watching: asyncio.Task[None] | None = None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> None:
        if self.watching is not None:
            self.watching.cancel()
        if self.has_ended_it(kind):
            raise Abandoned from error

    def late(self) -> None:
        self.watching = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        await self.gone()
        self.cancel_task()
