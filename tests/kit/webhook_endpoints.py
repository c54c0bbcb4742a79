"""Endpoints in tests, and a worker in the test's loop that sends to them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from models import db
from models.accounts import secrets
from models.destinations.webhooks import dispatch, endpoints, urls
from models.destinations.webhooks.settings import EndpointSettings
from permissions.principal import Scope
from tests.kit.broadcasts import SECRET_KEY
from tests.kit.receivers import Receiver
from workers import webhook_deliveries
from workers.broker import connected_broker
from workers.context import Queue, WorkerConfig, WorkerContext


async def an_endpoint(scope: Scope, receiver: Receiver, *event_types: str, proved: bool = True, **more) -> int:
    """An endpoint of the receiver, which gets its secret. With `proved` it is ACTIVE, without a ping."""
    secrets.use_keys([SECRET_KEY])
    urls.allow_local(True)
    given = EndpointSettings(receiver.url, event_types or ("membership.changes",), **more)
    row, receiver.secret = await endpoints.create(scope, given)
    if proved:
        await prove(scope, row["id"])
    return row["id"]


async def prove(scope: Scope, endpoint_id: int) -> None:
    await db.execute("DELETE FROM webhook_deliveries WHERE endpoint_id = $1 AND kind = 'PING'", endpoint_id)
    await db.execute(
        "UPDATE webhook_endpoints SET status = 'ACTIVE', proved_at = now(), next_attempt_at = NULL WHERE id = $1",
        endpoint_id,
    )


@contextlib.asynccontextmanager
async def a_webhook_worker(redis_url: str) -> AsyncIterator[WorkerContext]:
    """The context of a webhook worker in this process; the test calls its tasks."""
    async with connected_broker(redis_url) as broker:
        config = WorkerConfig(database_url="", redis_url=redis_url)
        context = WorkerContext(Queue.WEBHOOK, config, broker, asyncio.Event())
        async with context.closing:
            yield context


async def send_all(context: WorkerContext, monkeypatch, *, due_now: bool = False) -> None:
    """Sends what can be sent; with `due_now`, also what waits for its next attempt."""
    monkeypatch.setattr(webhook_deliveries, "LINGER_SECONDS", 0.0)
    if due_now:
        await make_due()
    for workspace_id, endpoint_id in sorted(await dispatch.waiting()):
        await webhook_deliveries.send_webhooks(context, workspace_id, endpoint_id)


async def make_due() -> None:
    await db.execute("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'WAITING'")
    await db.execute("UPDATE webhook_endpoints SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL")


async def endpoint_row(endpoint_id: int):
    return await db.fetch_row("SELECT * FROM webhook_endpoints WHERE id = $1", endpoint_id)
