"""Clients of subscriptions that read only when asked, through a small socket buffer."""

import asyncio
import base64
import os
import socket
from typing import Any

import orjson
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

RECEIVE_BYTES = 8_192


class Reader:
    """A connection that reads only when asked."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.loop = asyncio.get_running_loop()

    @classmethod
    async def connect(cls, address: str) -> "Reader":
        host, port = address.split(":")
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        connection.setblocking(False)
        reader = cls(connection)
        await reader.loop.sock_connect(connection, (host, int(port)))
        return reader

    async def write(self, data: bytes) -> None:
        await self.loop.sock_sendall(self.connection, data)

    async def read(self) -> bytes:
        """The next bytes; empty at the end."""
        try:
            return await asyncio.wait_for(self.loop.sock_recv(self.connection, 65_536), 20)
        except ConnectionResetError:
            return b""

    def close(self) -> None:
        self.connection.close()


class SocketReader:
    """Speaks graphql-transport-ws."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.protocol = ClientProtocol(parse_uri("ws://test/"), state=State.OPEN, max_size=None)
        self.read: list[Any] = []

    @classmethod
    async def connect(cls, address: str, bearer: str) -> "SocketReader":
        opened = cls(await Reader.connect(address))
        key = base64.b64encode(os.urandom(16)).decode()
        await opened.reader.write(
            f"GET /graphql HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await opened.reader.loop.sock_recv(opened.reader.connection, 1)
        await opened.send(type="connection_init", payload={"authorization": f"Bearer {bearer}"})
        assert (await opened.receive())["type"] == "connection_ack"
        return opened

    async def send(self, **message: Any) -> None:
        self.protocol.send_text(orjson.dumps(message))
        await self.reader.write(b"".join(self.protocol.data_to_send()))

    async def subscribe(self, operation_id: str, query: str, **variables: Any) -> None:
        await self.send(id=operation_id, type="subscribe", payload={"query": query, "variables": variables})

    async def receive(self) -> Any:
        """The next message; None when the connection has ended or closes."""
        while not self.read:
            data = await self.reader.read()
            if not data:
                return None
            self.protocol.receive_data(data)
            self.read += [frame for frame in self.protocol.events_received() if isinstance(frame, Frame)]
        frame = self.read.pop(0)
        return orjson.loads(frame.data) if frame.opcode is Opcode.TEXT else None

    async def receive_all(self) -> list[Any]:
        """All messages, without pings."""
        messages = []
        while (message := await self.receive()) is not None:
            if message["type"] != "ping":
                messages.append(message)
        return messages


class EventReader:
    """Speaks server-sent events, over a connection for one operation."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    @classmethod
    async def ask(cls, address: str, method: str, headers: dict[str, str], body: Any = None) -> "EventReader":
        opened = cls(await Reader.connect(address))
        text = b"" if body is None else orjson.dumps(body)
        lines = [
            f"{method} /graphql HTTP/1.1",
            f"host: {address}",
            f"content-length: {len(text)}",
            "content-type: application/json",
        ]
        lines += [f"{name}: {value}" for name, value in {"accept": "text/event-stream", **headers}.items()]
        await opened.reader.write("\r\n".join(lines).encode() + b"\r\n\r\n" + text)
        return opened

    async def receive_all(self) -> list[tuple[str, Any]]:
        """All events: (name, data)."""
        data = b""
        while not data.endswith(b"0\r\n\r\n"):
            some = await self.reader.read()
            if not some:
                break
            data += some
        return _events(_unchunked(data.partition(b"\r\n\r\n")[2]))


def _unchunked(data: bytes) -> bytes:
    whole = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        whole += data[: int(size, 16)]
        data = data[int(size, 16) + 2 :]
    return whole


def _events(text: bytes) -> list[tuple[str, Any]]:
    events = []
    for block in text.decode().split("\n\n"):
        if block.startswith("event: "):
            name, data = block.split("\n", 1)
            read = data.removeprefix("data: ")
            events.append((name.removeprefix("event: "), orjson.loads(read) if read else None))
    return events
