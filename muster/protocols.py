"""uvicorn's protocols: answers are sent in one piece, batches as whole frames, and unread connections are closed."""

import asyncio
import socket
from asyncio import BaseTransport, TimerHandle, Transport
from enum import Enum
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from schema.server.transports.wire import FRAMED

UNREAD_SECONDS: Final = 300
"""Then the system closes the connection. A download may pause for a minute."""

UNSENT_BYTES: Final = 262_144
"""The system's buffer per connection. Its default of megabytes would delay the message that says why a subscription ended."""


HEAD_SECONDS: Final = 20.0
"""How long the head of a request may take, from the beginning of the connection or of the request."""

PIECE_SECONDS: Final = 45.0
"""How long a request's body may pause."""


class Received(Enum):
    """What a connection has received of its present request."""

    NOTHING = 1
    HEAD = 2
    ALL = 3


class Http(HttpToolsProtocol):
    """Every connection begins with HTTP/1.1, WebSockets too. A request that does not come to its end is cut off."""

    received = Received.NOTHING
    cut_off: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(cast(Any, HeadWithBody(cast(Transport, transport))))
        connection = transport.get_extra_info("socket")
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            _limit_unread(connection)
        self.cut_off = self.loop.call_later(HEAD_SECONDS, self._cut_off)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.received is Received.ALL:
            self._stop_waiting()
        elif self.received is Received.HEAD:
            self._stop_waiting()
            self.cut_off = self.loop.call_later(PIECE_SECONDS, self._cut_off)
        elif self.cut_off is None:
            self.cut_off = self.loop.call_later(HEAD_SECONDS, self._cut_off)

    def on_message_begin(self) -> None:
        self.received = Received.NOTHING
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.received = Received.HEAD
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.received = Received.ALL
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self.received = Received.ALL
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        if self.cut_off is not None:
            self.cut_off.cancel()
            self.cut_off = None

    def _cut_off(self) -> None:
        if self.flow.read_paused:  # the application takes its time to read, so nothing can come
            self.cut_off = self.loop.call_later(PIECE_SECONDS, self._cut_off)
        elif not self.transport.is_closing():
            self.transport.close()


class HeadWithBody:
    """A transport that sends the head of an answer together with the first part of its body.

    uvicorn writes them one after the other, and each write costs a system call here and a wake-up at the client. A head whose
    body is not ready, such as that of an event stream, is sent in the next iteration of the event loop.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._call_soon = asyncio.get_running_loop().call_soon
        self._head: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head + data)
        elif data.startswith(b"HTTP/"):
            self._head = data
            self._call_soon(self._send_head)
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._send_head()
        self._transport.close()

    def _send_head(self) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head)


def _limit_unread(connection: socket.socket) -> None:
    for name, value in (("TCP_USER_TIMEOUT", UNREAD_SECONDS * 1000), ("TCP_NOTSENT_LOWAT", UNSENT_BYTES)):
        option = getattr(socket, name, None)  # not on every system
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


class WebSockets(WebSocketsSansIOProtocol):
    """Compression must be off: a batch's frames are encoded once for all clients."""

    async def run_asgi(self) -> None:
        self.scope["extensions"] = {**(self.scope["extensions"] or {}), FRAMED: {}}
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        """Whole frames wait until the client reads; uvicorn sends the rest."""
        if message["type"] != FRAMED:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.conn.state is not State.OPEN:
            raise ClientDisconnected
        self.transport.write(message["frames"])
