"""Reads one log once, for all its followers in this process."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic

import structlog

from models import db
from models.changelog.followers import EntryBatch, Follower
from models.changelog.log import Entry, Log
from models.changelog.read import NotInLog, read_head, read_next
from permissions.principal import Scope

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TailLimits:
    """`waiting`: entries per follower. Each read wakes all followers, so `rest_seconds` per follower pass in between."""

    waiting: int = 5_000
    patience_seconds: float = 10.0
    look_seconds: float = 1.0
    rest_seconds: float = 0.0001
    page: int = 500


class LiveReader(Generic[Entry]):
    def __init__(self, scope: Scope, source: Log[Entry], position: int, limits: TailLimits) -> None:
        self.scope = scope
        self.source = source
        self.position = position
        self.limits = limits
        self.followers: set[Follower[Entry]] = set()
        self.has_hint = asyncio.Event()
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.limits.look_seconds):
                    await self.has_hint.wait()
            self.has_hint.clear()
            try:
                await self._read_to_the_end()
            except Exception as error:  # noqa: BLE001 - the database is away for a moment
                if not db.logged_as_outage(error):
                    log.warning("the log could not be read", log=self.source.name, error=type(error).__name__)
                await asyncio.sleep(self.limits.look_seconds / 2)
            await asyncio.sleep(len(self.followers) * self.limits.rest_seconds)

    async def _read_to_the_end(self) -> None:
        entries = None
        while entries is None or len(entries) == self.limits.page:
            try:
                entries = await read_next(self.scope, self.source, self.position, self.limits.page)
            except NotInLog:
                await self._begin_anew()
                return
            if entries:
                self._hand_out(entries)
                self.position = entries[-1].position
                await asyncio.sleep(0)

    async def _begin_anew(self) -> None:
        """The log is no longer kept from here on; followers notice when they read it."""
        self.position = (await read_head(self.scope, self.source)).position
        for follower in self.followers:
            follower.fall_behind()

    def _hand_out(self, entries: list[Entry]) -> None:
        """Followers with the same filter share a batch, so that what is made of it is made once."""
        batches: dict[frozenset[Any] | None, EntryBatch[Entry]] = {}
        value = self.source.filter_value
        for follower in self.followers:
            only = follower.only
            if only not in batches:
                wanted = entries if only is None else [entry for entry in entries if value(entry) in only]
                batches[only] = EntryBatch(wanted, shared=True)
            follower.hand(batches[only], self.limits.waiting)
