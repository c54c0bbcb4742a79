"""The membership log, live: read once per workspace by this process, and handed to all who follow it.

Redis says that a log has grown; where it does not (it was emptied, it is away), the log is looked at every so often anyway. Who
follows from a cursor reads the log for itself until it has come to where the process reads, and goes on from there: no gap.

Who falls behind by more than a bounded number of changes is dropped from the live readers, and reads the log for itself again
until it has caught up. Who does not even take what it was given is ended, with the cursor to go on from. And so is, with a word
that says why, who has come so late that the log no longer reaches back to where it stands.
"""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Collection
from typing import Final

import structlog
from prometheus_client import Counter, Gauge

from models.changelog import read
from models.errors import MusterError
from permissions.principal import Scope
from schema.membership.log_reader import FeedLimits, Follower, Reader, event_batch_of
from schema.server import metrics
from schema.server.refusals import SlowConsumer
from schema.server.subscriptions.event_batch import EventBatch
from workers.bells import Bells, NoBells

log = structlog.get_logger("muster.api")

_followers = Gauge("muster_feed_followers", "Subscribers of membership changes in this process.")
_told = Counter("muster_feed_changes_total", "Changes handed to subscribers, each counted once per subscriber.")

MOST_FAILED: Final = 30
"""How many looks of one subscriber's own at the log may fail, one after the other (the database is away), before it ends."""


class ChangeFeed:
    """The readers of this process."""

    def __init__(self, limits: FeedLimits | None = None) -> None:
        self.limits = limits or FeedLimits()
        self._readers: dict[int, Reader] = {}
        self._hearing: asyncio.Task[None] | None = None

    async def follow(
        self, scope: Scope, bells: Bells, after: int | None, segment_ids: Collection[int] | None = None
    ) -> AsyncGenerator[EventBatch, None]:
        """The changes after position `after` (None: from now on), in order, without a gap; never an empty batch.

        Raises Invalid when the log does not reach back so far, SlowConsumer when the caller does not take what it was given.
        """
        if after is not None:
            await read.check(scope, after)
        following = Following(self, scope, bells, None if segment_ids is None else frozenset(segment_ids), after)
        _followers.inc()
        try:
            while True:
                batch = await following.take()
                _told.inc(len(batch.events))
                yield batch
        finally:
            _followers.dec()
            following.stop()

    # ---------------------------------------------------------------- readers

    async def join(self, scope: Scope, bells: Bells, wanted: frozenset[int] | None) -> Follower:
        """Be told what the workspace's reader reads from now on. The first one makes the reader, at the end of the log."""
        if scope.workspace_id not in self._readers:
            end = (await read.head(scope)).position
            if scope.workspace_id not in self._readers:
                self._readers[scope.workspace_id] = Reader(scope, end, self.limits)
                self._hear(bells)
        reader = self._readers[scope.workspace_id]
        follower = Follower(reader, reader.position, wanted)
        reader.followers.add(follower)
        return follower

    def leave(self, follower: Follower) -> None:
        """Be told no more. The last one ends the reader."""
        reader = follower.reader
        reader.followers.discard(follower)
        if not reader.followers:
            reader.reading.cancel()
            del self._readers[reader.scope.workspace_id]
        if not self._readers and self._hearing is not None:
            self._hearing.cancel()
            self._hearing = None

    def _hear(self, bells: Bells) -> None:
        if self._hearing is None and not isinstance(bells, NoBells):
            self._hearing = asyncio.create_task(self._ring_readers(bells))

    async def _ring_readers(self, bells: Bells) -> None:
        while True:
            try:
                async with bells.hear_log() as heard:
                    async for workspace_id in heard:
                        if workspace_id in self._readers:
                            self._readers[workspace_id].rung.set()
            except Exception as error:  # noqa: BLE001 - whatever it is: the log is looked at all the same, a little later
                log.warning("nobody rings for the log", error=type(error).__name__)
                await asyncio.sleep(self.limits.look_seconds)


class Following:
    """One subscriber's way through the log: it has been given everything up to `position`.

    First it reads for itself, up to where the reader stood when it joined; then it takes what the reader hands on. Fallen
    behind, it begins again from where it is.
    """

    def __init__(
        self, changes: ChangeFeed, scope: Scope, bells: Bells, wanted: frozenset[int] | None, position: int | None
    ) -> None:
        self.feed = changes
        self.scope = scope
        self.bells = bells
        self.wanted = wanted
        self.position = -1 if position is None else position
        self.given_at = math.inf
        self.follower: Follower | None = None

    async def _join(self) -> Follower:
        self.stop()
        follower = await self.feed.join(self.scope, self.bells, self.wanted)
        self.follower = follower
        if self.position < 0:
            self.position = follower.joined_at
        return follower

    def stop(self) -> None:
        """Follow no more."""
        if self.follower is not None:
            self.feed.leave(self.follower)
            self.follower = None

    async def take(self) -> EventBatch:
        """The next changes, as soon as there are some."""
        self._check_pace()
        batch, failed = None, 0
        while batch is None:
            try:
                batch = await self._look()
            except MusterError:
                raise
            except Exception as error:  # the database is away for a moment
                failed += 1
                if failed > MOST_FAILED:
                    raise
                log.warning("a subscriber could not read the log", error=type(error).__name__)
                await asyncio.sleep(self.feed.limits.look_seconds)
        self.given_at = time.monotonic()
        return batch

    async def _look(self) -> EventBatch | None:
        """One step of the way: there may be nothing at it."""
        follower = self.follower or await self._join()
        if self.position < follower.joined_at:
            return await self._read()
        if follower.is_behind:
            await read.check(self.scope, self.position)
            await self._join()
            return None
        return self._beyond(await follower.take())

    async def _read(self) -> EventBatch | None:
        page = await read.read(self.scope, self.position, self.feed.limits.page, self.wanted)
        self.position = page.position
        return event_batch_of(page.changes) if page.changes else None

    def _beyond(self, batch: EventBatch | None) -> EventBatch | None:
        """What of a batch has not been given yet: all of it, unless it was read from the log already."""
        if batch is None or batch.events[-1].position <= self.position:
            return None
        if batch.events[0].position <= self.position:
            batch = event_batch_of([change for change in batch.events if change.position > self.position])
        self.position = batch.events[-1].position
        return batch

    def _check_pace(self) -> None:
        """Who fell behind because it did not take what it was given would only fall behind again."""
        is_behind = self.follower is not None and self.follower.is_behind
        if is_behind and time.monotonic() - self.given_at > self.feed.limits.patience_seconds:
            metrics.SLOW.inc()
            raise SlowConsumer(read.to_cursor(self.scope.workspace_id, self.position))


FEED = ChangeFeed()
"""This process's."""
