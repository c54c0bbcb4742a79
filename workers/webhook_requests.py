"""Makes the requests of deliveries. In order, the next one is made while one is under way."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from models.destinations.webhooks import bodies
from models.destinations.webhooks.bodies import Delivery
from models.destinations.webhooks.planning import Planned
from models.destinations.webhooks.rows import Endpoint
from permissions.principal import Scope
from workers.providers.webhooks.client import WebhookRequest

FRESH_SECONDS: Final = 1.0
"""A body with contacts that was made longer ago is made anew, so that they are as they are when it is sent."""


class RequestMaker:
    """Keeps what was read when deliveries were planned, so that the log is not read again for them."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._planned: dict[int, Planned] = {}

    def keep(self, planned: Sequence[Planned]) -> None:
        self._planned |= {one.delivery.id: one for one in planned}

    async def make(self, endpoint: Endpoint, delivery: Delivery) -> WebhookRequest:
        """Raises NotInLog."""
        planned = self._planned.pop(delivery.id, None)
        entries = await bodies.entries_of(self._scope, delivery) if planned is None else planned.entries
        body = await bodies.body_of(self._scope, delivery, entries, with_contacts=endpoint.include_contacts)
        return WebhookRequest(endpoint.url, delivery.webhook_id, body, endpoint.secrets, endpoint.headers)

    @asynccontextmanager
    async def ahead(self, endpoint: Endpoint, line: Sequence[Delivery]) -> AsyncIterator["MadeAhead"]:
        made = MadeAhead(self, endpoint, line)
        try:
            yield made
        finally:
            await made.close()


class MadeAhead:
    """The requests of a line of deliveries."""

    def __init__(self, maker: RequestMaker, endpoint: Endpoint, line: Sequence[Delivery]) -> None:
        self._maker = maker
        self._endpoint = endpoint
        self._waiting = deque(line)
        self._next: asyncio.Task[tuple[WebhookRequest, float]] | None = None

    async def take(self) -> tuple[Delivery, WebhookRequest]:
        """Returns the next delivery and its request. What follows it is made as soon as the caller waits for an answer.

        Raises NotInLog.
        """
        delivery = self._waiting.popleft()
        request, made_at = await (self._next or self._timed(delivery))
        if self._endpoint.include_contacts and time.monotonic() - made_at > FRESH_SECONDS:
            request = await self._maker.make(self._endpoint, delivery)
        self._next = asyncio.create_task(self._later(self._waiting[0])) if self._waiting else None
        return delivery, request

    async def _later(self, delivery: Delivery) -> tuple[WebhookRequest, float]:
        """After the client's own task, which begins after this one, has written the request that the caller sends."""
        await asyncio.sleep(0)
        return await self._timed(delivery)

    async def _timed(self, delivery: Delivery) -> tuple[WebhookRequest, float]:
        made_at = time.monotonic()
        return await self._maker.make(self._endpoint, delivery), made_at

    async def close(self) -> None:
        if self._next is not None:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)
