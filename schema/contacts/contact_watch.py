"""Tells who looks at contacts which of them have changed.

Hints of the engine say so within moments. Hints may be lost, so the rows are looked at every few seconds too: all those that
are watched in this process, in one statement.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from models import db
from models.changelog import contact_hints
from models.changelog.contact_hints import ChangedContacts, ContactHints
from models.contacts.find import Key, last_changes

log = structlog.get_logger(__name__)

EVENT_SECONDS: Final = 0.1
"""The shortest time between two events of a watcher, and between two looks."""

REST: Final = 4
"""After a look, in the time that it took: while many contacts change, looks take a fifth of a connection at most."""


@dataclass(frozen=True, slots=True)
class WatchTimes:
    """Seconds between two looks at all rows: while hints are heard, and while they are not."""

    hearing: float = 5.0
    deaf: float = 1.0


class Watcher:
    def __init__(self, workspace_id: int, ids: Collection[int]) -> None:
        self.workspace_id = workspace_id
        self.ids = frozenset(ids)
        self.changed: set[int] = set()
        self.has_news = asyncio.Event()

    def report(self, ids: Iterable[int]) -> None:
        news = self.ids.intersection(ids)
        if news:
            self.changed |= news
            self.has_news.set()

    def take(self) -> frozenset[int]:
        news = frozenset(self.changed)
        self.changed.clear()
        self.has_news.clear()
        return news


class ContactWatch:
    """Works only while somebody watches."""

    def __init__(self, times: WatchTimes | None = None) -> None:
        self._times = times or WatchTimes()
        self._watchers: dict[int, set[Watcher]] = {}
        self._versions: dict[Key, datetime | None] = {}
        self._told: set[Key] = set()
        self._many: set[int] = set()
        self._has_hint = asyncio.Event()
        self._hears = False
        self._looked_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_idle(self) -> bool:
        return not self._watchers and not self._versions and not self._tasks

    async def follow(self, workspace_id: int, ids: Collection[int]) -> AsyncGenerator[frozenset[int], None]:
        """All of them first, then those that have changed or were deleted, at most ten times a second."""
        watcher = Watcher(workspace_id, ids)
        self._join(watcher)
        try:
            keys = [(workspace_id, contact_id) for contact_id in watcher.ids]
            found = await last_changes(keys)
            for key in keys:
                self._versions.setdefault(key, found.get(key))
            yield watcher.ids
            while True:
                await asyncio.sleep(EVENT_SECONDS)
                await watcher.has_news.wait()
                yield watcher.take()
        finally:
            self._leave(watcher)

    def _join(self, watcher: Watcher) -> None:
        self._watchers.setdefault(watcher.workspace_id, set()).add(watcher)
        if not self._tasks:
            self._looked_at = time.monotonic()
            self._tasks.append(asyncio.create_task(self._keep_looking()))
            hints = contact_hints.current()
            if hints is not None:
                self._tasks.append(asyncio.create_task(self._keep_hearing(hints)))

    def _leave(self, watcher: Watcher) -> None:
        others = self._watchers[watcher.workspace_id]
        others.discard(watcher)
        for contact_id in watcher.ids.difference(*(other.ids for other in others)):
            self._versions.pop((watcher.workspace_id, contact_id), None)
        if not others:
            del self._watchers[watcher.workspace_id]
        if not self._watchers:
            for task in self._tasks:
                task.cancel()
            self._tasks.clear()
            self._told.clear()
            self._many.clear()
            self._hears = False

    # ---------------------------------------------------------------- hints

    async def _keep_hearing(self, hints: ContactHints) -> None:
        while True:
            try:
                async with hints.hear_changes() as heard:
                    self._hears = True
                    async for change in heard:
                        self._note(change)
            except Exception as error:  # noqa: BLE001 - the rows are looked at without hints too, a little later
                log.warning("no hints of changed contacts", error=type(error).__name__)
            self._hears = False
            await asyncio.sleep(self._times.deaf)

    def _note(self, change: ChangedContacts) -> None:
        watchers = self._watchers.get(change.workspace_id)
        if not watchers:
            return
        if change.ids is None:
            self._many.add(change.workspace_id)  # their rows say which
        else:
            seen = {contact_id for watcher in watchers for contact_id in watcher.ids & change.ids}
            if not seen:
                return
            self._told |= {(change.workspace_id, contact_id) for contact_id in seen}
        self._has_hint.set()

    # ---------------------------------------------------------------- rows

    @property
    def _patience(self) -> float:
        return self._times.hearing if self._hears else self._times.deaf

    async def _keep_looking(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await self._has_hint.wait()
            self._has_hint.clear()
            began_at = time.monotonic()
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - the database is away for a moment: look again
                if not db.logged_as_outage(error):
                    log.warning("changed contacts could not be read", error=type(error).__name__)
            await asyncio.sleep(max(EVENT_SECONDS, REST * (time.monotonic() - began_at)))

    async def _look(self) -> None:
        """What a hint has named is reported in any case: activities and segments are in no row of a contact."""
        began_at = time.monotonic()
        told, self._told = self._told, set()
        many, self._many = self._many, set()
        is_due = began_at - self._looked_at >= self._patience
        keys = told.union(key for key in self._versions if is_due or key[0] in many)
        try:
            found = await last_changes(keys)
        except BaseException:
            self._told |= told
            self._many |= many
            raise
        if is_due:
            self._looked_at = began_at
        self._report(key for key in keys if self._has_changed(key, found.get(key)) or key in told)

    def _has_changed(self, key: Key, version: datetime | None) -> bool:
        """Nobody looks at a key without a version any more, or somebody only begins to."""
        if key not in self._versions:
            return False
        was, self._versions[key] = self._versions[key], version
        return version != was

    def _report(self, keys: Iterable[Key]) -> None:
        by_workspace: dict[int, set[int]] = {}
        for workspace_id, contact_id in keys:
            by_workspace.setdefault(workspace_id, set()).add(contact_id)
        for workspace_id, ids in by_workspace.items():
            for watcher in self._watchers.get(workspace_id, ()):
                watcher.report(ids)


WATCH = ContactWatch()
