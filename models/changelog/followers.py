"""A live follower of a log, and the entries that wait for it."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from models.changelog.log import Entry

Made = TypeVar("Made")


class EntryBatch(Generic[Entry]):
    """Entries in order; with `shared`, other followers get the same object."""

    __slots__ = ("_made", "entries", "shared")

    def __init__(self, entries: Sequence[Entry], *, shared: bool = False) -> None:
        self.entries = tuple(entries)
        self.shared = shared
        self._made: Any = None

    def once(self, make: "Callable[[EntryBatch[Entry]], Made]") -> Made:
        """Returns `make(self)`, which is kept for others that pass the same `make`."""
        if self._made is None or self._made[0] is not make:
            self._made = make, make(self)
        return cast(Made, self._made[1])


@dataclass(slots=True, eq=False)
class Follower(Generic[Entry]):
    """`only`: wanted values of the log's filter, None for all. `is_behind`: nothing is kept any more."""

    joined_at: int
    only: frozenset[Any] | None
    waiting: deque[EntryBatch[Entry]] = field(default_factory=deque)
    kept: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_behind: bool = False

    def hand(self, batch: EntryBatch[Entry], most: int) -> None:
        """When more than `most` entries wait, none are kept: the follower reads the log itself."""
        if self.is_behind or not batch.entries:
            return
        self.waiting.append(batch)
        self.kept += len(batch.entries)
        if self.kept > most:
            self.fall_behind()
        self.news.set()

    def fall_behind(self) -> None:
        self.waiting.clear()
        self.is_behind = True
        self.news.set()

    async def take(self) -> EntryBatch[Entry] | None:
        """Waits for the next batch; None when the follower has fallen behind."""
        await self.news.wait()
        if self.is_behind:
            return None
        batch = self.waiting.popleft()
        self.kept -= len(batch.entries)
        if not self.waiting:
            self.news.clear()
        return batch
