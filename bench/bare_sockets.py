"""The bound for subscribers: a bare application that sends ready texts to every socket.

`python -m bench.bare_sockets PORT RATE`: RATE texts a second to each, in batches as often as the API's, each as one write."""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime
from typing import Any

import uvicorn

from models.changelog.live_reader import TailLimits
from schema.server.transports.wire import FRAMED

REST_SECONDS = TailLimits().rest_seconds


class Bare:
    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.open: set[Any] = set()
        self.sending: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self.sending = asyncio.create_task(self._send_all())
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._serve(receive, send)

    async def _serve(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        await receive()
        await send({"type": "websocket.send", "text": '{"type":"connection_ack"}'})
        await receive()
        self.open.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self.open.discard(send)

    async def _send_all(self) -> None:
        """Sends texts, each with the moment at which it was due."""
        made, start = 0, time.time()
        while True:
            due = int((time.time() - start) * self.rate)
            batch = b"".join(_frame(_text(start + number / self.rate)) for number in range(made, due))
            made = due
            for send in list(self.open):
                await send({"type": FRAMED, "frames": batch})
                await asyncio.sleep(0)
            await asyncio.sleep(len(self.open) * REST_SECONDS)


def _frame(text: bytes) -> bytes:
    return b"\x81\x7e" + len(text).to_bytes(2, "big") + text


def _text(moment: float) -> bytes:
    at = datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
    return (
        '{"id":"00000000-0000-0000-0000-000000000000","type":"next","payload":{"data":{"membershipChanges":{"cursor":"bTE6MToxMjM0NTY","kind":"ENTERED",'
        f'"segmentId":"U2VnbWVudDoxMg","contactId":"Q29udGFjdDoxMjM0NTY","at":"{at}"}}}}}}}}'
    ).encode()


def create() -> Bare:
    return Bare(int(os.environ["BARE_RATE"]))


def serve(factory: str, port: int) -> None:
    """Serves the app that `factory` (`module:function`) makes, as the API is served."""
    uvicorn.run(
        factory,
        factory=True,
        port=port,
        loop="uvloop",
        ws="muster.protocols:WebSockets",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    os.environ["BARE_RATE"] = sys.argv[2]
    serve("bench.bare_sockets:create", int(sys.argv[1]))
