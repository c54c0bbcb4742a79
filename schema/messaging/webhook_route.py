"""WhatsApp's webhooks: checks the signature on the raw bytes, stores, answers. Workers process them.

The secret of a channel that the body names must have signed it. For a number that is not connected the answer is 200, and the
webhook is only counted: Meta repeats what is refused for a week.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import structlog
from prometheus_client import Counter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from models import db
from models.messaging import channels
from models.messaging.channels import Wired
from models.queue import inbox
from workers.providers.whatsapp import webhook

log = structlog.get_logger(__name__)

PATH: Final = "/webhooks/whatsapp"

MOST_BYTES: Final = 3 * 1024 * 1024

BODY_SECONDS: Final = 60.0

REMEMBER_SECONDS: Final = 5.0
"""How long a process uses what it has read about channels."""

_webhooks = Counter("muster_webhooks_total", "Webhooks of the channel, by outcome.", ["outcome"])

StoredWebhook = tuple[int, int, bytes]


def routes() -> list[Route]:
    receiver = Receiver()
    return [
        Route(PATH, verify, methods=["GET"], include_in_schema=False),
        Route(PATH, receiver.receive, methods=["POST"], include_in_schema=False),
    ]


async def verify(request: Request) -> Response:
    """Answers Meta's challenge to a new address when the token is that of a connected channel."""
    params = request.query_params
    token, challenge = params.get("hub.verify_token", ""), params.get("hub.challenge", "")
    if params.get("hub.mode") == "subscribe" and challenge and await channels.is_verify_token(token):
        return PlainTextResponse(challenge)
    return PlainTextResponse("the verify token is not that of a connected channel", status_code=403)


class Receiver:
    """One per process. Writes together what arrives during a write."""

    def __init__(self) -> None:
        self._known: dict[tuple[frozenset[str], frozenset[str]], tuple[float, list[Wired]]] = {}
        self._waiting: list[tuple[list[StoredWebhook], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def receive(self, request: Request) -> Response:
        body = await _body(request)
        try:
            senders = webhook.senders(webhook.load(body))
        except webhook.UnreadableWebhook as error:
            return await self._receive_unreadable(request, body, error)
        possible = await self._channels(senders)
        if not possible:
            return _answer("unknown", "nobody here knows this number", 200)
        if not await self._keep_signed(request, body, possible):
            return _answer("forged", "the signature is not that of this body", 401)
        return _answer("kept", "", 200)

    async def _receive_unreadable(self, request: Request, body: bytes, error: Exception) -> Response:
        """Meta repeats what is refused. What it signed will not get better by that: it is kept for a person."""
        ids = webhook.possible_senders(body)
        if ids and await self._keep_signed(request, body, await channels.find_by_senders(ids, ids)):
            return _answer("kept_unreadable", "", 200)
        return _answer("unreadable", f"this is no webhook of WhatsApp: {error}", 400)

    async def _keep_signed(self, request: Request, body: bytes, possible: Sequence[Wired]) -> bool:
        """Stores the body for each channel whose secret signed it. Returns False when none did."""
        header = request.headers.get(webhook.SIGNATURE_HEADER)
        signers = [one for one in possible if webhook.is_signed(one.app_secret, body, header)]
        if signers:
            await self._keep([(one.workspace_id, one.channel_id, body) for one in signers])
        return bool(signers)

    async def _channels(self, senders: tuple[frozenset[str], frozenset[str]]) -> list[Wired]:
        known = self._known.get(senders)  # until when it is used, and the channels
        if known is None or known[0] < time.monotonic():
            if len(self._known) > 10_000:
                self._known.clear()
            found = await channels.find_by_senders(*senders)
            known = self._known[senders] = (time.monotonic() + (REMEMBER_SECONDS if found else 0), found)
        return known[1]

    async def _keep(self, webhooks: list[StoredWebhook]) -> None:
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append((webhooks, kept))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await kept

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            webhooks = [one for some, _ in batch for one in some]
            try:
                await inbox.put(webhooks)
            except Exception as error:  # noqa: BLE001 - each caller gets it, and Meta says it again
                _fail(batch, error)
                continue
            for _, kept in batch:
                if not kept.done():
                    kept.set_result(None)
        self._writing = None


def _fail(batch: Sequence[tuple[list[StoredWebhook], "asyncio.Future[None]"]], error: Exception) -> None:
    if not db.logged_as_outage(error):
        log.error("webhooks could not be kept", count=len(batch), error=type(error).__name__)
    for _, kept in batch:
        if not kept.done():
            kept.set_exception(HTTPException(503, "try again in a moment"))


async def _body(request: Request) -> bytes:
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MOST_BYTES:
                    raise HTTPException(413, "a webhook is never larger than 3 MB")
                chunks.append(chunk)
    except TimeoutError:
        raise HTTPException(408, "the body did not come to its end in time") from None
    return b"".join(chunks)


def _answer(outcome: str, text: str, status: int) -> Response:
    _webhooks.labels(outcome).inc()
    return PlainTextResponse(text, status_code=status)
