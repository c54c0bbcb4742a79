"""What goes out on a WebSocket: messages one after the other, and batches of them at once."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from schema.server.execution.encoding import encode
from schema.server.formatted_errors import FormattedError
from schema.server.subscriptions.event_batch import Payloads
from schema.server.transports.wire import FRAMED, DeliveredPayloads, frames


@dataclass(slots=True)
class Outgoing:
    """The way to one client. When it takes nothing for `seconds`, sending ends with a TimeoutError."""

    send: Any
    seconds: float
    is_framed: bool
    """Whether the server takes whole frames."""
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def tell(self, message: bytes) -> None:
        """Send a message, JSON."""
        async with self.sending:
            await self._write({"type": "websocket.send", "text": message.decode()})

    async def pass_on(self, identity: bytes, payloads: Payloads, standing: DeliveredPayloads) -> None:
        """Send the payloads of an operation with this id (as JSON), and keep its standing."""
        standing.takes(payloads)
        async with self.sending:
            for message, upto in self._messages(identity, payloads):
                await self._write(message)
                standing.given = upto

    def _messages(self, identity: bytes, payloads: Payloads) -> Iterator[tuple[dict[str, Any], int]]:
        if self.is_framed:
            for some, upto in frames(payloads, identity):
                yield {"type": FRAMED, "frames": some}, upto
        else:
            head = b'{"id":' + identity + b',"type":"next","payload":'
            for upto, text in enumerate(payloads, 1):
                yield {"type": "websocket.send", "text": (head + text + b"}").decode()}, upto

    async def _write(self, message: dict[str, Any]) -> None:
        async with asyncio.timeout(self.seconds):
            await self.send(message)


# ---------------------------------------------------------------- messages

ACKNOWLEDGED = b'{"type":"connection_ack"}'
PING = b'{"type":"ping"}'


def pong(payload: Any) -> bytes:
    """The answer to a ping that carried this, or nothing (None)."""
    return encode({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})


def complete(identity: bytes) -> bytes:
    """The operation with this id (as JSON) has ended well."""
    return b'{"id":' + identity + b',"type":"complete"}'


def error(identity: bytes, errors: list[FormattedError]) -> bytes:
    """The operation with this id (as JSON) has ended, and why."""
    return b'{"id":' + identity + b',"type":"error","payload":' + encode(errors) + b"}"
