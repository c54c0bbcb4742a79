"""A sandbox of the Marketing API in the test's event loop, and a client of it."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from sandbox.meta.provider import ACCOUNT_ID, TOKEN, Sandbox
from sandbox.meta.server import Server
from workers.providers.meta.client import AdAccount, Batch, Client, open_session

ACCOUNT = AdAccount(ACCOUNT_ID, TOKEN)


@contextlib.asynccontextmanager
async def a_sandbox() -> AsyncIterator[Server]:
    """A sandbox that listens on free ports."""
    server = Server(Sandbox())
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def a_client(server: Server, account: AdAccount = ACCOUNT, timeout_seconds: float = 1.0) -> AsyncIterator[Client]:
    """A client of this sandbox."""
    async with open_session(timeout_seconds) as session:
        yield Client(session, server.url, "v26.0", account)


def a_batch(
    rows: Sequence[Sequence[str]],
    *,
    session: int = 1,
    number: int = 1,
    last: bool = True,
    schema: Sequence[str] = ("EMAIL",),
) -> Batch:
    """A batch of these rows, by default the only one of its session."""
    return Batch(session, number, last, len(rows), schema, rows)
