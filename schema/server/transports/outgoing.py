"""Messages to a client of graphql-transport-ws."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from schema.server.execution.encoding import encode
from schema.server.formatted_errors import FormattedError
from schema.server.subscriptions.event_batch import Payloads
from schema.server.time_limits import TimeLimit
from schema.server.transports.wire import FRAMED, DeliveredPayloads, frames


@dataclass(slots=True)
class Outgoing:
    """Raises TimeoutError when the client reads nothing for as long as the `limit`."""

    send: Any
    limit: TimeLimit
    is_framed: bool
    """Whether the ASGI server accepts whole frames."""
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send_message(self, message: bytes) -> None:
        async with self.sending:
            await self._write({"type": "websocket.send", "text": message.decode()})

    async def send_payloads(self, id_json: bytes, payloads: Payloads, delivered: DeliveredPayloads) -> None:
        """Sends the payloads and counts them in `delivered`."""
        delivered.start(payloads)
        async with self.sending:
            for message, upto in self._messages(id_json, payloads):
                await self._write(message)
                delivered.count = upto

    def _messages(self, id_json: bytes, payloads: Payloads) -> Iterator[tuple[dict[str, Any], int]]:
        if self.is_framed:
            for chunk, upto in frames(payloads, id_json):
                yield {"type": FRAMED, "frames": chunk}, upto
        else:
            head = b'{"id":' + id_json + b',"type":"next","payload":'
            for upto, text in enumerate(payloads, 1):
                yield {"type": "websocket.send", "text": (head + text + b"}").decode()}, upto

    async def _write(self, message: dict[str, Any]) -> None:
        with self.limit.block():
            await self.send(message)


# ---------------------------------------------------------------- messages

ACKNOWLEDGED = b'{"type":"connection_ack"}'
PING = b'{"type":"ping"}'


def pong(payload: Any) -> bytes:
    return encode({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})


def complete(id_json: bytes) -> bytes:
    return b'{"id":' + id_json + b',"type":"complete"}'


def error(id_json: bytes, errors: list[FormattedError]) -> bytes:
    return b'{"id":' + id_json + b',"type":"error","payload":' + encode(errors) + b"}"
