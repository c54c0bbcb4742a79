"""Hints that logs have grown wake the endpoints that read them."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import structlog

from models import db
from models.destinations.webhooks import dispatch
from models.queue import work
from models.queue.enqueue import enqueue
from workers.context import PeriodicTask, Queue, WorkerContext

log = structlog.get_logger(__name__)

GATHER_SECONDS: Final = 0.002
"""Hints that come within this time are looked at together."""

WITHOUT_SECONDS: Final = 5.0
"""So long a workspace without endpoints is not asked for again; a periodic task finds a new one sooner."""


@dataclass(slots=True)
class Wakes:
    """Who waits in this process, by workspace, and until when workspaces are known to have no endpoint."""

    waiting: dict[int, set[asyncio.Event]] = field(default_factory=dict)
    without_until: dict[int, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def wake_of(self, workspace_id: int) -> Iterator[asyncio.Event]:
        """An event that is set when a log of the workspace has grown."""
        wake = asyncio.Event()
        self.waiting.setdefault(workspace_id, set()).add(wake)
        try:
            yield wake
        finally:
            of_workspace = self.waiting[workspace_id]
            of_workspace.discard(wake)
            if not of_workspace:
                del self.waiting[workspace_id]

    def wake(self, workspace_id: int) -> None:
        """Wakes who works on endpoints of the workspace in this process."""
        for wake in self.waiting.get(workspace_id, ()):
            wake.set()

    async def grown(self, workspace_ids: set[int]) -> None:
        """Wakes who waits here, and enqueues endpoints that nobody works on."""
        for workspace_id in workspace_ids:
            self.wake(workspace_id)
        now = time.monotonic()
        asked = {one for one in workspace_ids if self.without_until.get(one, 0) <= now}
        if not asked:
            return
        for workspace_id, endpoint_id in await dispatch.hinted(asked):
            await enqueue(work.SEND_WEBHOOKS, workspace_id, endpoint_id)
        await self._note_those_without(asked, now)

    async def _note_those_without(self, workspace_ids: set[int], now: float) -> None:
        unknown = {one for one in workspace_ids if one not in self.waiting}
        without = unknown - await dispatch.with_endpoints(unknown) if unknown else set()
        self.without_until = {one: until for one, until in self.without_until.items() if until > now}
        self.without_until |= dict.fromkeys(without, now + WITHOUT_SECONDS)


WAKES: Final = Wakes()


async def hear_logs(context: WorkerContext) -> None:
    """Runs until the connection breaks. Without hints, a periodic task finds the endpoints a little later."""
    gathered: set[int] = set()
    some = asyncio.Event()
    handling = asyncio.create_task(_hand_over(gathered, some))
    try:
        async with context.broker.hear() as heard:
            async for workspace_id in heard:
                gathered.add(workspace_id)
                some.set()
    finally:
        handling.cancel()
        await asyncio.gather(handling, return_exceptions=True)


async def _hand_over(gathered: set[int], some: asyncio.Event) -> None:
    while True:
        await some.wait()
        await asyncio.sleep(GATHER_SECONDS)
        some.clear()
        workspace_ids = set(gathered)
        gathered.clear()
        try:
            await WAKES.grown(workspace_ids)
        except Exception as error:  # noqa: BLE001 - a periodic task finds them
            if not db.logged_as_outage(error):
                log.warning("hints for webhooks were lost", error=type(error).__name__)


PERIODIC_TASKS: Final = [PeriodicTask("hear_logs", Queue.WEBHOOK, hear_logs, every_seconds=1.0)]
