"""One workspace's membership log, read once by this process for all who follow it here."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from models.changelog import read
from models.changelog.read import MembershipChange
from models.errors import Invalid
from permissions.principal import Scope
from schema.server.subscriptions.event_batch import EventBatch

log = structlog.get_logger("muster.api")


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """How far a follower may fall behind, how often the log is looked at though nobody rang, and how often at most.

    With many followers each look wakes them all: `rest_seconds` for each of them lie between two looks.
    """

    waiting: int = 5_000
    patience_seconds: float = 10.0
    look_seconds: float = 1.0
    rest_seconds: float = 0.0001
    page: int = 500


@dataclass(slots=True, eq=False)
class Follower:
    """One subscriber among those of a reader, which stood at `joined_at` then, and what waits for it.

    No `segment_ids`: all of them. `is_behind`: more waited than may, so nothing more is kept for it.
    """

    reader: "Reader"
    joined_at: int
    segment_ids: frozenset[int] | None
    waiting: deque[EventBatch] = field(default_factory=deque)
    kept: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_behind: bool = False

    def tell(self, batch: EventBatch, most: int) -> None:
        """Let it have these. When too many wait already it keeps none, and reads the log for itself."""
        if self.is_behind or not batch.events:
            return
        self.waiting.append(batch)
        self.kept += len(batch.events)
        if self.kept > most:
            self.fall_behind()
        self.news.set()

    def fall_behind(self) -> None:
        """Keep nothing any longer."""
        self.waiting.clear()
        self.is_behind = True
        self.news.set()

    async def take(self) -> EventBatch | None:
        """The next that waits, as soon as something does. None when it has fallen behind."""
        await self.news.wait()
        if self.is_behind:
            return None
        batch = self.waiting.popleft()
        self.kept -= len(batch.events)
        if not self.waiting:
            self.news.clear()
        return batch


class Reader:
    """Reads one workspace's log for all of its followers, from where the first of them joined."""

    def __init__(self, scope: Scope, position: int, limits: FeedLimits) -> None:
        self.scope = scope
        self.position = position
        self.limits = limits
        self.followers: set[Follower] = set()
        self.rung = asyncio.Event()
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.limits.look_seconds):
                    await self.rung.wait()
            self.rung.clear()
            try:
                await self._read_on()
            except Exception as error:  # noqa: BLE001 - the database is away for a moment: everything is still there afterwards
                log.warning("the log could not be read", error=type(error).__name__)
                await asyncio.sleep(self.limits.look_seconds / 2)
            await asyncio.sleep(len(self.followers) * self.limits.rest_seconds)

    async def _read_on(self) -> None:
        changes = None
        while changes is None or len(changes) == self.limits.page:
            try:
                changes = await read.read_on(self.scope, self.position, self.limits.page)
            except Invalid:
                await self._begin_anew()
                return
            if changes:
                self._tell(changes)
                self.position = changes[-1].position
                await asyncio.sleep(0)

    async def _begin_anew(self) -> None:
        """The log cannot be read on from here, as after a long absence of the database: its followers find out for themselves."""
        self.position = (await read.head(self.scope)).position
        for follower in self.followers:
            follower.fall_behind()

    def _tell(self, changes: list[MembershipChange]) -> None:
        """Those who want the same get the very same batch, so that its text is made once."""
        batches: dict[frozenset[int] | None, EventBatch] = {}
        for follower in self.followers:
            wanted = follower.segment_ids
            if wanted not in batches:
                of_these = [change for change in changes if wanted is None or change.segment_id in wanted]
                batches[wanted] = event_batch_of(of_these, shared=True)
            follower.tell(batches[wanted], self.limits.waiting)


def event_batch_of(changes: Sequence[MembershipChange], *, shared: bool = False) -> EventBatch:
    """Changes, with the cursors to go on from when only some of them were taken."""

    def resume(taken: int) -> str:
        position = changes[taken - 1].position if taken else changes[0].position - 1
        return read.to_cursor(changes[0].workspace_id, position)

    return EventBatch(changes, shared=shared, resume=resume)
