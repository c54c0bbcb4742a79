"""Webhooks of the WhatsApp channel: proven genuine on their raw bytes, kept, and answered at once. Workers take them in.

A webhook says by itself which number it is about; the secret of that number's channel must have signed it. One that is about a
number that is connected here no longer, or never was, is answered with 200 and counted: Meta would only say it again for a week.
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

from models.messaging import channels
from models.messaging.channels import Wired
from models.queue import inbox
from workers.providers.whatsapp import webhook

log = structlog.get_logger(__name__)

PATH: Final = "/webhooks/whatsapp"

MOST_BYTES: Final = 3 * 1024 * 1024

REMEMBER_SECONDS: Final = 5.0
"""For how long a process believes that it knows a channel."""

_webhooks = Counter("muster_webhooks_total", "Webhooks of the channel, by what became of them.", ["outcome"])

Letter = tuple[int, int, bytes]


def routes() -> list[Route]:
    """Where Meta's app sends its webhooks."""
    receiver = Receiver()
    return [
        Route(PATH, shake_hands, methods=["GET"], include_in_schema=False),
        Route(PATH, receiver.receive, methods=["POST"], include_in_schema=False),
    ]


async def shake_hands(request: Request) -> Response:
    """Meta asks whether this address is ours: the token that a channel was connected with says yes."""
    asked = request.query_params
    token, challenge = asked.get("hub.verify_token", ""), asked.get("hub.challenge", "")
    if asked.get("hub.mode") == "subscribe" and challenge and await channels.is_verify_token(token):
        return PlainTextResponse(challenge)
    return PlainTextResponse("the verify token is not that of a connected channel", status_code=403)


class Receiver:
    """Takes webhooks for one process. Those that come while others are being written are written together."""

    def __init__(self) -> None:
        self._known: dict[tuple[frozenset[str], frozenset[str]], tuple[float, list[Wired]]] = {}
        self._waiting: list[tuple[list[Letter], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def receive(self, request: Request) -> Response:
        """Keep a webhook, or say what is wrong with it."""
        body = await _body(request)
        try:
            senders = webhook.senders(webhook.load(body))
        except webhook.UnreadableWebhook as error:
            return _said("unreadable", f"this is no webhook of WhatsApp: {error}", 400)
        wired = await self._channels(senders)
        if not wired:
            return _said("unknown", "nobody here knows this number", 200)
        header = request.headers.get(webhook.SIGNATURE_HEADER)
        genuine = [one for one in wired if webhook.is_signed(one.app_secret, body, header)]
        if not genuine:
            return _said("forged", "the signature is not that of this body", 401)
        await self._keep([(one.workspace_id, one.channel_id, body) for one in genuine])
        return _said("kept", "", 200)

    async def _channels(self, senders: tuple[frozenset[str], frozenset[str]]) -> list[Wired]:
        known = self._known.get(senders)
        if known is None or known[0] < time.monotonic():
            if len(self._known) > 10_000:
                self._known.clear()
            found = await channels.find_by_senders(*senders)
            known = self._known[senders] = (time.monotonic() + (REMEMBER_SECONDS if found else 0), found)
        return known[1]

    async def _keep(self, letters: list[Letter]) -> None:
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append((letters, kept))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await kept

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            letters = [letter for some, _ in batch for letter in some]
            try:
                await inbox.put(letters)
            except Exception as error:  # noqa: BLE001 - each caller gets it, and Meta says it again
                _fail(batch, error)
                continue
            for _, kept in batch:
                if not kept.done():
                    kept.set_result(None)
        self._writing = None


def _fail(batch: Sequence[tuple[list[Letter], "asyncio.Future[None]"]], error: Exception) -> None:
    log.error("webhooks could not be kept", count=len(batch), error=type(error).__name__)
    for _, kept in batch:
        if not kept.done():
            kept.set_exception(HTTPException(503, "try again in a moment"))


async def _body(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_BYTES:
            raise HTTPException(413, "a webhook is never larger than 3 MB")
        chunks.append(chunk)
    return b"".join(chunks)


def _said(outcome: str, text: str, status: int) -> Response:
    _webhooks.labels(outcome).inc()
    return PlainTextResponse(text, status_code=status)
