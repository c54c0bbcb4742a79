"""Logs followed live: each read once per workspace by this process, and handed to all who follow it here.

A hint says that a log has grown; where none comes (Redis was emptied, it is away), the log is looked at every so often anyway.
Who follows from a position reads the log for itself up to where the process reads, and goes on from there: no gap.

A follower that falls behind by more than a bounded number of entries is dropped from the live readers, and reads the log for
itself again until it has caught up. One that does not even take what it was given is ended with `FellBehind`, and one that has
come so late that the log no longer reaches back to its position with `NotInLog`.
"""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Collection
from typing import Any, Final, Generic, cast

import structlog
from prometheus_client import Counter, Gauge

from models.changelog.followers import Batch, Follower
from models.changelog.hints import Hints
from models.changelog.live_reader import LiveReader, TailLimits
from models.changelog.log import Entry, Log
from models.changelog.read import check_position, read_head, read_page
from models.errors import MusterError
from permissions.principal import Scope

log = structlog.get_logger(__name__)

_followers = Gauge("muster_feed_followers", "Subscribers of membership changes in this process.")
_given = Counter("muster_feed_changes_total", "Changes handed to subscribers, each counted once per subscriber.")

MOST_FAILED: Final = 30
"""How many reads of one follower's own may fail, one after the other (the database is away), before it ends."""


class FellBehind(MusterError):
    """The follower does not take what it was given: it can go on after `position` later."""

    def __init__(self, position: int) -> None:
        super().__init__(f"does not take what it was given: go on after {position}")
        self.position = position


class Tail:
    """The live readers of a process."""

    def __init__(self, limits: TailLimits | None = None) -> None:
        self.limits = limits or TailLimits()
        self.readers: dict[int, dict[str, LiveReader[Any]]] = {}
        """By workspace id and the log's name."""
        self._hearing: asyncio.Task[None] | None = None

    async def follow(
        self,
        scope: Scope,
        source: Log[Entry],
        hints: Hints | None,
        after: int | None,
        only: Collection[Any] | None = None,
    ) -> AsyncGenerator[Batch[Entry], None]:
        """The entries after position `after` (None: from now on), in order, without a gap; never an empty batch.

        With `only`, those with these values of the log's filter. Raises NotInLog when the log does not reach back so far,
        FellBehind when the caller does not take what it was given.
        """
        if after is not None:
            await check_position(scope, source, after)
        following = Following(self, scope, source, hints, None if only is None else frozenset(only), after)
        _followers.inc()
        try:
            while True:
                batch = await following.take()
                _given.inc(len(batch.entries))
                yield batch
        finally:
            _followers.dec()
            following.stop()

    def reader_of(self, scope: Scope, source: Log[Entry]) -> LiveReader[Entry] | None:
        """The live reader of a workspace's log, while somebody follows it."""
        return self.readers.get(scope.workspace_id, {}).get(source.name)

    # ---------------------------------------------------------------- readers

    async def join(
        self, scope: Scope, source: Log[Entry], hints: Hints | None, only: frozenset[Any] | None
    ) -> Follower[Entry]:
        """Be handed what the workspace's reader reads from now on. The first one makes the reader, at the end of the log."""
        if self.reader_of(scope, source) is None:
            end = (await read_head(scope, source)).position
            if self.reader_of(scope, source) is None:
                made = LiveReader(scope, source, end, self.limits)
                self.readers.setdefault(scope.workspace_id, {})[source.name] = made
                self._hear(hints)
        reader = cast(LiveReader[Entry], self.reader_of(scope, source))
        follower = Follower[Entry](reader.position, only)
        reader.followers.add(follower)
        return follower

    def leave(self, scope: Scope, source: Log[Entry], follower: Follower[Entry]) -> None:
        """Be handed no more. The last one ends the reader."""
        reader = self.reader_of(scope, source)
        if reader is not None:
            reader.followers.discard(follower)
            if not reader.followers:
                self._end(reader)
        if not self.readers and self._hearing is not None:
            self._hearing.cancel()
            self._hearing = None

    def _end(self, reader: LiveReader[Any]) -> None:
        reader.reading.cancel()
        of_workspace = self.readers[reader.scope.workspace_id]
        del of_workspace[reader.source.name]
        if not of_workspace:
            del self.readers[reader.scope.workspace_id]

    def _hear(self, hints: Hints | None) -> None:
        if self._hearing is None and hints is not None:
            self._hearing = asyncio.create_task(self._hint_readers(hints))

    async def _hint_readers(self, hints: Hints) -> None:
        while True:
            try:
                async with hints.hear() as heard:
                    async for workspace_id in heard:
                        for reader in self.readers.get(workspace_id, {}).values():
                            reader.has_hint.set()
            except Exception as error:  # noqa: BLE001 - whatever it is: the log is looked at all the same, a little later
                log.warning("no hints for the log", error=type(error).__name__)
                await asyncio.sleep(self.limits.look_seconds)


class Following(Generic[Entry]):
    """One follower's way through the log: it has been given everything up to `position`.

    First it reads for itself, up to where the reader stood when it joined; then it takes what the reader hands out. Fallen
    behind, it does the same again.
    """

    def __init__(
        self,
        tail: Tail,
        scope: Scope,
        source: Log[Entry],
        hints: Hints | None,
        only: frozenset[Any] | None,
        position: int | None,
    ) -> None:
        self.tail = tail
        self.scope = scope
        self.source = source
        self.hints = hints
        self.only = only
        self.position = -1 if position is None else position
        self.given_at = math.inf
        self.follower: Follower[Entry] | None = None

    async def _join(self) -> Follower[Entry]:
        self.stop()
        follower = await self.tail.join(self.scope, self.source, self.hints, self.only)
        self.follower = follower
        if self.position < 0:
            self.position = follower.joined_at
        return follower

    def stop(self) -> None:
        """Follow no more."""
        if self.follower is not None:
            self.tail.leave(self.scope, self.source, self.follower)
            self.follower = None

    async def take(self) -> Batch[Entry]:
        """The next entries, as soon as there are some."""
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
                log.warning("a follower could not read the log", error=type(error).__name__)
                await asyncio.sleep(self.tail.limits.look_seconds)
        self.given_at = time.monotonic()
        return batch

    async def _look(self) -> Batch[Entry] | None:
        """One step of the way: there may be nothing at it."""
        follower = self.follower or await self._join()
        if self.position < follower.joined_at:
            return await self._read()
        if follower.is_behind:
            await check_position(self.scope, self.source, self.position)
            await self._join()
            return None
        return self._beyond(await follower.take())

    async def _read(self) -> Batch[Entry] | None:
        page = await read_page(self.scope, self.source, self.position, self.tail.limits.page, self.only)
        self.position = page.position
        return Batch(page.entries) if page.entries else None

    def _beyond(self, batch: Batch[Entry] | None) -> Batch[Entry] | None:
        """What of a batch has not been given yet: all of it, unless it was read from the log already."""
        if batch is None or batch.entries[-1].position <= self.position:
            return None
        if batch.entries[0].position <= self.position:
            batch = Batch([entry for entry in batch.entries if entry.position > self.position])
        self.position = batch.entries[-1].position
        return batch

    def _check_pace(self) -> None:
        """Who fell behind because it did not take what it was given would only fall behind again."""
        is_behind = self.follower is not None and self.follower.is_behind
        if is_behind and time.monotonic() - self.given_at > self.tail.limits.patience_seconds:
            raise FellBehind(self.position)


TAIL: Final = Tail()
"""This process's."""
