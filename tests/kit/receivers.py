"""A partner that receives webhooks: verifies each with the public library, keeps it, and fails as a test says."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Receiver:
    """`received`: what was verified, in order, as (webhook-id, body). `secret` None: not verified. `faults` are used up first."""

    url: str = ""
    secret: str | None = None
    received: list[tuple[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    refused: int = 0
    faults: deque[Fault] = field(default_factory=deque)
    always: Fault | None = None
    pings: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.faults:
            return await self.faults.popleft()(request)
        if self.always is not None:
            return await self.always(request)
        try:
            read = self.verified(body, request)
        except Exception:
            self.refused += 1
            return web.Response(status=401)
        self.headers.append(dict(request.headers))
        if read["type"] == "ping":
            self.pings += 1
        else:
            self.received.append((request.headers["webhook-id"], read))
        return web.Response(text="thanks")

    def verified(self, body: bytes, request: web.Request) -> Any:
        assert self.secret is not None
        return Webhook(self.secret).verify(
            body.decode(), {name.lower(): value for name, value in request.headers.items()}
        )

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Membership changes, in the order in which requests came for the first time, as (cursor, kind, contact id)."""
        seen: set[str] = set()
        found = []
        for webhook_id, body in self.received:
            if webhook_id not in seen and body["type"] == "membership.changes" and not body.get("replay"):
                found += [(one["cursor"], one["kind"], one["contactId"]) for one in body["data"]["changes"]]
            seen.add(webhook_id)
        return found

    def bodies(self, event_type: str) -> list[Any]:
        return [body for _, body in self.received if body["type"] == event_type]


@contextlib.asynccontextmanager
async def a_receiver(receiver: Receiver | None = None, port: int = 0) -> AsyncIterator[Receiver]:
    """Listens on a free port of this machine."""
    receiver = receiver or Receiver()
    app = web.Application(client_max_size=10_000_000)
    app.router.add_post("/{any:.*}", receiver.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    try:
        yield receiver
    finally:
        await runner.cleanup()


# ---------------------------------------------------------------- faults


def says(status: int, **headers: str) -> Fault:
    """Answers with this status. Header names have underscores."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return answer


async def hangs(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3600)
    return web.Response()


async def closes_early(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def closes_in_the_middle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-length": "1000"})
    await response.prepare(request)
    await response.write(b"half")
    assert request.transport is not None
    request.transport.close()
    return response


async def answers_without_end(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(10_000):
        await response.write(b"x" * 10_000)
    return response
