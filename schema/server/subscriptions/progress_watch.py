"""Follows progress: one look at PostgreSQL, some times a second, for all subscribers of a process."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Final, Generic, TypeVar

import structlog

from models import db

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.1

RETRY_SECONDS: Final = 1.0
"""After a look that PostgreSQL did not answer."""

Key = tuple[int, int]
"""Workspace id, and the id of what is followed."""

Version = TypeVar("Version")
State = TypeVar("State")

Look = Callable[[Mapping[Key, Version | None]], Awaitable[Mapping[Key, tuple[Version, State]]]]
"""The version and the state of the keys that may have changed since the given version; None: of this key in any case."""


class Subscriber(Generic[Version, State]):
    """`news` is the newest state that it has not taken yet."""

    def __init__(self, version: Version | None) -> None:
        self.version = version
        self.news: asyncio.Queue[State] = asyncio.Queue(maxsize=1)

    def report(self, version: Version, state: State) -> None:
        if version == self.version:
            return
        self.version = version
        if self.news.full():
            self.news.get_nowait()
        self.news.put_nowait(state)


class ProgressWatch(Generic[Version, State]):
    """Looks only while there are subscribers. `what` is for the log.

    `seconds` lie between two looks, and between two events of a subscriber at least.
    """

    def __init__(self, what: str, look: Look[Version, State], seconds: float = LOOK_SECONDS) -> None:
        self._what = what
        self._look = look
        self._seconds = seconds
        self._subscribers: dict[Key, set[Subscriber[Version, State]]] = {}
        self._versions: dict[Key, Version | None] = {}
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        return not self._subscribers and not self._versions and self._looking is None

    async def follow(self, key: Key, version: Version | None = None) -> AsyncGenerator[State, None]:
        """Each state after `version`; with None, the present state first. A slow reader gets the newest."""
        subscriber = Subscriber[Version, State](version)
        self._join(key, subscriber)
        try:
            while True:
                await asyncio.sleep(self._seconds)
                yield await subscriber.news.get()
        finally:
            self._leave(key, subscriber)

    def _join(self, key: Key, subscriber: Subscriber[Version, State]) -> None:
        self._subscribers.setdefault(key, set()).add(subscriber)
        if self._versions.setdefault(key, subscriber.version) != subscriber.version:
            self._versions[key] = None  # this subscriber knows an older or a newer version: the next look must report
        if self._looking is None:
            self._looking = asyncio.create_task(self._keep_looking())

    def _leave(self, key: Key, subscriber: Subscriber[Version, State]) -> None:
        self._subscribers[key].discard(subscriber)
        if not self._subscribers[key]:
            del self._subscribers[key], self._versions[key]
        if not self._subscribers and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _keep_looking(self) -> None:
        while True:
            try:
                found = await self._look(dict(self._versions))
            except Exception as error:  # noqa: BLE001 - the database is away for a moment: look again
                if not db.logged_as_outage(error):
                    log.warning("progress could not be read", of=self._what, error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for key, (version, state) in found.items():
                self._report(key, version, state)
            await asyncio.sleep(self._seconds)

    def _report(self, key: Key, version: Version, state: State) -> None:
        subscribers = self._subscribers.get(key)
        if subscribers:
            self._versions[key] = version
            for subscriber in subscribers:
                subscriber.report(version, state)
