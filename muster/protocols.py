"""uvicorn's protocols with two things of our own: batches as whole frames, and an end to connections that nobody reads."""

import socket
from asyncio import BaseTransport
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from schema.server.transports.wire import FRAMED

UNREAD_SECONDS: Final = 300
"""A connection whose client takes nothing of what waits for it is broken off after this time, by the operating system. (Whoever
downloads a file may well pause for a minute.)"""

UNSENT_BYTES: Final = 262_144
"""About how much the operating system keeps of what cannot be sent yet: what it would take otherwise is megabytes, for each who
does not read, and all of that would stand before the word that says why its subscription has ended."""


class Http(HttpToolsProtocol):
    """HTTP. Every connection begins with it, those of WebSockets too."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Tell the operating system what to do about a client that does not read."""
        super().connection_made(cast(Any, transport))
        connection = transport.get_extra_info("socket")
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            _bound(connection)


def _bound(connection: socket.socket) -> None:
    for name, value in (("TCP_USER_TIMEOUT", UNREAD_SECONDS * 1000), ("TCP_NOTSENT_LOWAT", UNSENT_BYTES)):
        option = getattr(socket, name, None)  # not on every system
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


class WebSockets(WebSocketsSansIOProtocol):
    """WebSockets, with the extension `FRAMED`. Compression has to be off: the frames of a batch are made once for everybody."""

    async def run_asgi(self) -> None:
        """Run the application, which is told that it may send whole frames."""
        self.scope["extensions"] = {**(self.scope["extensions"] or {}), FRAMED: {}}
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        """Frames are written as they are, as soon as the client reads; all else goes uvicorn's way."""
        if message["type"] != FRAMED:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.conn.state is not State.OPEN:
            raise ClientDisconnected
        self.transport.write(message["frames"])
