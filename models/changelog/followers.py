"""What waits for one who follows a log live: batches, up to a bound."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from models.changelog.log import Entry

Made = TypeVar("Made")


class Batch(Generic[Entry]):
    """Entries in order, read at once. `shared`: other followers in this process are handed the very same batch."""

    __slots__ = ("_made", "entries", "shared")

    def __init__(self, entries: Sequence[Entry], *, shared: bool = False) -> None:
        self.entries = tuple(entries)
        self.shared = shared
        self._made: Any = None

    def once(self, make: "Callable[[Batch[Entry]], Made]") -> Made:
        """What `make` makes of the batch. It is kept, for the others who follow with the same `make`."""
        if self._made is None or self._made[0] is not make:
            self._made = make, make(self)
        return cast(Made, self._made[1])


@dataclass(slots=True, eq=False)
class Follower(Generic[Entry]):
    """One of those who follow a reader, which stood at `joined_at` then, and what waits for it.

    `only`: the values of the log's filter that it wants, None for all. `is_behind`: more waited than may, so nothing more is
    kept for it.
    """

    joined_at: int
    only: frozenset[Any] | None
    waiting: deque[Batch[Entry]] = field(default_factory=deque)
    kept: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_behind: bool = False

    def hand(self, batch: Batch[Entry], most: int) -> None:
        """Let it have these. When more than `most` entries wait it keeps none, and reads the log for itself."""
        if self.is_behind or not batch.entries:
            return
        self.waiting.append(batch)
        self.kept += len(batch.entries)
        if self.kept > most:
            self.fall_behind()
        self.news.set()

    def fall_behind(self) -> None:
        """Keep nothing any longer."""
        self.waiting.clear()
        self.is_behind = True
        self.news.set()

    async def take(self) -> Batch[Entry] | None:
        """The next that waits, as soon as something does. None when it has fallen behind."""
        await self.news.wait()
        if self.is_behind:
            return None
        batch = self.waiting.popleft()
        self.kept -= len(batch.entries)
        if not self.waiting:
            self.news.clear()
        return batch
