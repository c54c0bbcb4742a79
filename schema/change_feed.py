"""The membership log, live: read once per workspace by this process, and handed to all who follow it.

Redis says that a log has grown; where it does not (it was emptied, it is away), the log is looked at every so often anyway. Who
follows from a cursor reads the log for itself until it has come to where the process reads, and goes on from there: no gap.

Who falls behind by more than a bounded number of changes is dropped from the live readers, and reads the log for itself again
until it has caught up. Who does not even take what it was given is ended, with the cursor to go on from.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field

import structlog
from prometheus_client import Counter, Gauge
from redis.exceptions import RedisError

from models.membership import feed
from models.membership.feed import Change
from permissions.principal import Scope
from schema.kit.refusals import SlowConsumer
from workers.bells import Bells, NoBells

log = structlog.get_logger("muster.api")

_followers = Gauge("muster_feed_followers", "Subscribers of membership changes in this process.")
_told = Counter("muster_feed_changes_total", "Changes handed to subscribers, each counted once per subscriber.")
_slow = Counter("muster_feed_slow_total", "Subscribers that were ended because they did not take what they were given.")


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """How far a follower may fall behind, and how often the log is looked at though nobody rang."""

    waiting: int = 5_000
    patience_seconds: float = 10.0
    look_seconds: float = 1.0
    page: int = 500


@dataclass(slots=True, eq=False)
class Follower:
    """One subscriber among those of a reader, which stood at `joined_at` then, and what waits for it.

    No `segment_ids`: all of them. `is_behind`: more waited than may, so nothing more is kept for it.
    """

    reader: "Reader"
    joined_at: int
    segment_ids: frozenset[int] | None
    waiting: list[Change] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_behind: bool = False

    def tell(self, changes: list[Change], most: int) -> None:
        """Let it have these. When too many wait already it keeps none, and reads the log for itself."""
        if self.is_behind:
            return
        if self.segment_ids is not None:
            changes = [change for change in changes if change.segment_id in self.segment_ids]
        self.waiting += changes
        if len(self.waiting) > most:
            self.waiting, self.is_behind = [], True
        if changes:
            self.news.set()

    async def take(self) -> list[Change]:
        """What waits, as soon as something does. Empty when it has fallen behind."""
        await self.news.wait()
        self.news.clear()
        taken, self.waiting = self.waiting, []
        return taken


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

    async def _read_on(self) -> None:
        changes = None
        while changes is None or len(changes) == self.limits.page:
            changes = await feed.read_on(self.scope, self.position, self.limits.page)
            if changes:
                self.position = changes[-1].position
                for follower in self.followers:
                    follower.tell(changes, self.limits.waiting)
                await asyncio.sleep(0)


class ChangeFeed:
    """The readers of this process."""

    def __init__(self, limits: FeedLimits | None = None) -> None:
        self.limits = limits or FeedLimits()
        self._readers: dict[int, Reader] = {}
        self._hearing: asyncio.Task[None] | None = None

    async def follow(
        self, scope: Scope, bells: Bells, after: int | None, segment_ids: Collection[int] | None = None
    ) -> AsyncGenerator[list[Change], None]:
        """The changes after position `after` (None: from now on), in order, without a gap; never an empty list.

        Raises Invalid when the log does not reach back so far, SlowConsumer when the caller does not take what it was given.
        """
        if after is not None:
            await feed.check(scope, after)
        following = Following(self, scope, bells, None if segment_ids is None else frozenset(segment_ids), after)
        _followers.inc()
        try:
            while True:
                changes = await following.take()
                _told.inc(len(changes))
                yield changes
        finally:
            _followers.dec()
            following.stop()

    # ---------------------------------------------------------------- readers

    async def join(self, scope: Scope, bells: Bells, wanted: frozenset[int] | None) -> Follower:
        """Be told what the workspace's reader reads from now on. The first one makes the reader, at the end of the log."""
        if scope.workspace_id not in self._readers:
            end = (await feed.head(scope)).position
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
            except (RedisError, OSError) as error:
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
        self.follower = await self.feed.join(self.scope, self.bells, self.wanted)
        if self.position < 0:
            self.position = self.follower.joined_at
        return self.follower

    def stop(self) -> None:
        """Follow no more."""
        if self.follower is not None:
            self.feed.leave(self.follower)
            self.follower = None

    async def take(self) -> list[Change]:
        """The next changes, as soon as there are some."""
        self._check_pace()
        changes: list[Change] = []
        follower = self.follower or await self._join()
        while not changes:
            if self.position < follower.joined_at:
                page = await feed.read(self.scope, self.position, self.feed.limits.page, self.wanted)
                self.position, changes = page.position, page.changes
            elif follower.is_behind:
                follower = await self._join()
            else:
                changes = [change for change in await follower.take() if change.position > self.position]
                self.position = changes[-1].position if changes else self.position
        self.given_at = time.monotonic()
        return changes

    def _check_pace(self) -> None:
        """Who fell behind because it did not take what it was given would only fall behind again."""
        is_behind = self.follower is not None and self.follower.is_behind
        if is_behind and time.monotonic() - self.given_at > self.feed.limits.patience_seconds:
            _slow.inc()
            raise SlowConsumer(feed.to_cursor(self.scope.workspace_id, self.position))


FEED = ChangeFeed()
"""This process's."""
