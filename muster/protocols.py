"""uvicorn's protocols: answers are sent in one piece, batches as whole frames, and unread connections are closed."""

import asyncio
import socket
from asyncio import BaseTransport, Transport
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


class Http(HttpToolsProtocol):
    """Every connection begins with HTTP/1.1, WebSockets too."""

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(cast(Any, HeadWithBody(cast(Transport, transport))))
        connection = transport.get_extra_info("socket")
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            _limit_unread(connection)


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
            self._transport.writelines((head, data))
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
