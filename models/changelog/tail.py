"""Follows logs live: this process reads each log once, for all its followers.

A follower that starts at an older position reads the log itself up to where the live reader was when it joined, and then takes
what the live reader gives: so there is no gap. When too many entries wait for it, they are dropped, so that a slow follower holds
little memory, and it reads the log itself again.
"""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Collection
from typing import Any, Final, Generic, cast

import structlog
from prometheus_client import Counter, Gauge

from models import db
from models.changelog.followers import EntryBatch, Follower
from models.changelog.hints import Hints
from models.changelog.live_reader import LiveReader, TailLimits
from models.changelog.log import Entry, Log
from models.changelog.read import check_position, read_head, read_page
from models.errors import MusterError
from permissions.principal import Scope

log = structlog.get_logger(__name__)

_followers = Gauge(
    "muster_feed_followers", "Subscribers of membership changes in this process.", multiprocess_mode="livesum"
)
_given = Counter("muster_feed_changes_total", "Changes handed to subscribers, each counted once per subscriber.")

MOST_FAILED: Final = 30
"""A follower ends after so many failed reads in a row."""


class FellBehind(MusterError):
    """The follower does not take what it was given. It can go on after `position`."""

    def __init__(self, position: int) -> None:
        super().__init__(f"does not take what it was given: go on after {position}")
        self.position = position


class Tail:
    def __init__(self, limits: TailLimits | None = None) -> None:
        self.limits = limits or TailLimits()
        self.readers: dict[int, dict[str, LiveReader[Any]]] = {}
        self._hearing: asyncio.Task[None] | None = None

    async def follow(
        self,
        scope: Scope,
        source: Log[Entry],
        hints: Hints | None,
        after: int | None,
        only: Collection[Any] | None = None,
    ) -> AsyncGenerator[EntryBatch[Entry], None]:
        """The entries after `after` (None: from now on), in order, without a gap, in batches that are not empty.

        `only`: wanted values of the log's filter. Raises NotInLog and FellBehind.
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
        return self.readers.get(scope.workspace_id, {}).get(source.name)

    # ---------------------------------------------------------------- readers

    async def join(
        self, scope: Scope, source: Log[Entry], hints: Hints | None, only: frozenset[Any] | None
    ) -> Follower[Entry]:
        """The first follower starts the reader, at the log's end."""
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
            except Exception as error:  # noqa: BLE001 - the log is read without hints too, a little later
                log.warning("no hints for the log", error=type(error).__name__)
                await asyncio.sleep(self.limits.look_seconds)


class Following(Generic[Entry]):
    """One follower's way through the log; it has everything up to `position`."""

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
        if self.follower is not None:
            self.tail.leave(self.scope, self.source, self.follower)
            self.follower = None

    async def take(self) -> EntryBatch[Entry]:
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
                if not db.logged_as_outage(error):
                    log.warning("a follower could not read the log", error=type(error).__name__)
                await asyncio.sleep(self.tail.limits.look_seconds)
        self.given_at = time.monotonic()
        return batch

    async def _look(self) -> EntryBatch[Entry] | None:
        follower = self.follower or await self._join()
        if self.position < follower.joined_at:
            return await self._read()
        if follower.is_behind:
            await check_position(self.scope, self.source, self.position)
            await self._join()
            return None
        return self._beyond(await follower.take())

    async def _read(self) -> EntryBatch[Entry] | None:
        page = await read_page(self.scope, self.source, self.position, self.tail.limits.page, self.only)
        self.position = page.position
        return EntryBatch(page.entries) if page.entries else None

    def _beyond(self, batch: EntryBatch[Entry] | None) -> EntryBatch[Entry] | None:
        if batch is None or batch.entries[-1].position <= self.position:
            return None
        if batch.entries[0].position <= self.position:
            batch = EntryBatch([entry for entry in batch.entries if entry.position > self.position])
        self.position = batch.entries[-1].position
        return batch

    def _check_pace(self) -> None:
        """A follower that fell behind because it takes nothing would only fall behind again."""
        is_behind = self.follower is not None and self.follower.is_behind
        if is_behind and time.monotonic() - self.given_at > self.tail.limits.patience_seconds:
            raise FellBehind(self.position)


TAIL: Final = Tail()
