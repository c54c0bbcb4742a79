"""What goes out on a WebSocket: messages one after the other, and bursts of them at once."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from schema.kit.burst import Payloads
from schema.kit.encoding import encode
from schema.kit.masking import Told
from schema.routes.wire import FRAMED, Standing, frames


@dataclass(slots=True)
class Outgoing:
    """The way to one client. Whatever it does not take within `seconds` ends with a TimeoutError."""

    send: Any
    seconds: float
    is_framed: bool
    """Whether the server takes whole frames."""
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def tell(self, message: bytes) -> None:
        """Send a message, JSON."""
        async with asyncio.timeout(self.seconds), self.sending:
            await self.send({"type": "websocket.send", "text": message.decode()})

    async def pass_on(self, identity: bytes, payloads: Payloads, standing: Standing) -> None:
        """Send the payloads of an operation with this id (as JSON), and keep its standing."""
        standing.takes(payloads)
        async with asyncio.timeout(self.seconds), self.sending:
            if self.is_framed:
                await self._write_frames(identity, payloads, standing)
            else:
                await self._write_one_by_one(identity, payloads, standing)

    async def _write_frames(self, identity: bytes, payloads: Payloads, standing: Standing) -> None:
        for some, upto in frames(payloads, identity):
            await self.send({"type": FRAMED, "frames": some})
            standing.given = upto

    async def _write_one_by_one(self, identity: bytes, payloads: Payloads, standing: Standing) -> None:
        head = b'{"id":' + identity + b',"type":"next","payload":'
        for text in payloads:
            await self.send({"type": "websocket.send", "text": (head + text + b"}").decode()})
            standing.given += 1


# ---------------------------------------------------------------- messages

ACKNOWLEDGED = b'{"type":"connection_ack"}'
PING = b'{"type":"ping"}'


def pong(payload: Any) -> bytes:
    """The answer to a ping that carried this, or nothing (None)."""
    return encode({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})


def complete(identity: bytes) -> bytes:
    """The operation with this id (as JSON) has ended well."""
    return b'{"id":' + identity + b',"type":"complete"}'


def error(identity: bytes, errors: list[Told]) -> bytes:
    """The operation with this id (as JSON) has ended, and why."""
    return b'{"id":' + identity + b',"type":"error","payload":' + encode(errors) + b"}"
