"""Following broadcasts as they go on: one look at PostgreSQL, ten times a second, for all the subscribers of a process."""

import asyncio
from collections.abc import AsyncGenerator

import structlog

from models.broadcasts import drafts, progress
from models.broadcasts.progress import Key, Progress
from models.broadcasts.states import FINISHED
from models.db.tables.broadcasts import Broadcast
from permissions.principal import Scope

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.1
"""The time between two looks, and so between two events of a subscriber."""


class BroadcastWatch:
    """Looks while somebody follows a broadcast, and only then."""

    def __init__(self) -> None:
        self._followers: dict[Key, set[asyncio.Event]] = {}
        self._standing: dict[Key, Progress] = {}
        self._looking: asyncio.Task[None] | None = None

    async def follow(self, scope: Scope, broadcast_id: int) -> AsyncGenerator[Broadcast, None]:
        """The broadcast as it is, then each time that it has got on, until it has ended. Raises NotFound."""
        key, news = (scope.workspace_id, broadcast_id), asyncio.Event()
        broadcast = await drafts.get(scope, broadcast_id)
        self._followers.setdefault(key, set()).add(news)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield broadcast
            while broadcast.status not in FINISHED:
                await news.wait()
                news.clear()
                broadcast = await drafts.get(scope, broadcast_id)
                yield broadcast
        finally:
            self._leave(key, news)

    def _leave(self, key: Key, news: asyncio.Event) -> None:
        self._followers[key].discard(news)
        if not self._followers[key]:
            del self._followers[key]
            self._standing.pop(key, None)
        if not self._followers and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        while True:
            try:
                for key, standing in (await progress.look(list(self._followers))).items():
                    self._tell(key, standing)
            except Exception as error:
                log.warning("broadcasts could not be looked at", error=type(error).__name__, exc_info=True)
            await asyncio.sleep(LOOK_SECONDS)

    def _tell(self, key: Key, standing: Progress) -> None:
        """The first look at a key is news too: what happened between the caller's read and it would be missed otherwise."""
        if self._standing.get(key) != standing:
            self._standing[key] = standing
            for news in self._followers.get(key, ()):
                news.set()


WATCH = BroadcastWatch()
"""This process's."""
