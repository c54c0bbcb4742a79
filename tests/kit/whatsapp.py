"""A sandbox in the test's event loop, and a client of it."""

import contextlib
from collections.abc import AsyncIterator

from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, TOKEN, Sandbox
from sandbox.whatsapp.server import Server
from sandbox.whatsapp.webhooks import WebhookOptions
from workers.providers.whatsapp.client import Client, WhatsAppAccount, open_session

ACCOUNT = WhatsAppAccount(NUMBER_ID, BUSINESS_ACCOUNT_ID, TOKEN)


@contextlib.asynccontextmanager
async def a_sandbox(
    webhook_url: str | None = None, webhook_options: WebhookOptions | None = None
) -> AsyncIterator[Server]:
    """A sandbox that listens on free ports."""
    server = Server(Sandbox(webhook_url, webhook_options))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def a_client(server: Server, timeout_seconds: float = 5.0) -> AsyncIterator[Client]:
    """A client of this sandbox."""
    async with open_session(timeout_seconds) as session:
        yield Client(session, server.url, "v26.0")
