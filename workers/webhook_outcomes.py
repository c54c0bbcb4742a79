"""Writes what became of requests, beside the next ones."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from models.changelog.read import NotInLog
from models.destinations.webhooks import outcomes
from models.destinations.webhooks.outcomes import Outcome
from models.destinations.webhooks.rows import WebhookEndpointStatus
from models.queue.leases import Lease
from permissions.principal import Scope

RECORD_SECONDS: Final = 0.25
"""Outcomes are written at least so often. After a killed worker, so many are sent once more under the same id."""


class OutcomeRecorder:
    """Of one endpoint: one write at a time, in order. `status`: that of the endpoint after the last write."""

    def __init__(self, scope: Scope, lease: Lease, status: WebhookEndpointStatus) -> None:
        self.status = status
        self._scope = scope
        self._lease = lease
        self._noted: list[Outcome] = []
        self._written_at = time.monotonic()
        self._writing: asyncio.Task[WebhookEndpointStatus] | None = None

    async def note(self, outcome: Outcome) -> None:
        """Raises what the write before this one raised, such as LeaseLost."""
        self._noted.append(outcome)
        if time.monotonic() - self._written_at > RECORD_SECONDS:
            await self._begin()

    async def finish(self) -> None:
        """Writes the rest. Raises LeaseLost."""
        await self._begin()
        await self._written()

    async def _begin(self) -> None:
        await self._written()
        noted, self._noted, self._written_at = self._noted, [], time.monotonic()
        if noted:
            self._writing = asyncio.create_task(outcomes.record(self._scope, self._lease, noted))

    async def _written(self) -> None:
        if self._writing is not None:
            self.status = await self._writing
            self._writing = None

    async def close(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)


@asynccontextmanager
async def recording(scope: Scope, lease: Lease, status: WebhookEndpointStatus) -> AsyncIterator[OutcomeRecorder]:
    """Everything noted is written when the block ends, also when what follows is no longer in the log."""
    recorder = OutcomeRecorder(scope, lease, status)
    try:
        try:
            yield recorder
        except NotInLog:
            await recorder.finish()
            raise
        await recorder.finish()
    finally:
        await recorder.close()
