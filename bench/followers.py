"""Many subscribers in one process, as light as Python allows, so that they are no bottleneck.

`python -m bench.followers HOST PORT CONNECTIONS EXPECTED SECONDS WAY [BEARER]`, with WAY `sockets` or `events`
(server-sent): prints `ready`, counts until each connection has EXPECTED events or SECONDS have passed, and prints a line of
JSON. Delays are from an event's `at`, which precedes its commit."""

import asyncio
import base64
import json
import os
import re
import struct
import sys
import time
import uuid
from datetime import datetime
from typing import Any

import uvloop

AT = re.compile(rb'"at":"([^"]+)"')
SUBSCRIPTION = "subscription { membershipChanges { cursor kind segmentId contactId at } }"


class Follower(asyncio.Protocol):
    def __init__(self, crowd: "Crowd") -> None:
        self.crowd = crowd
        self.seen = 0
        self.rest = b""

    def _take(self, data: bytes) -> None:
        data, end = self.rest + data, 0
        for found in AT.finditer(data):
            self.crowd.heard(found[1])
            self.seen += 1
            end = found.end()
        self.rest = data[end:][-48:]
        if self.seen >= self.crowd.expected:
            self.crowd.has_all(self)


class Events(Follower):
    """Follows with server-sent events."""

    def connection_made(self, transport: Any) -> None:
        body = json.dumps({"query": SUBSCRIPTION}).encode()
        transport.write(
            b"POST /graphql HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n" % (self.crowd.bearer.encode(), len(body)) + body
        )

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 200"):
            self.crowd.subscribed()
        self._take(data)


class Socket(Follower):
    is_open = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            (
                "GET /graphql HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
            ).encode()
        )

    def _send(self, message: dict[str, Any]) -> None:
        text = json.dumps(message).encode()
        mask = b"\0\0\0\0"  # leaves the text unchanged
        size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack(">H", len(text))
        self.transport.write(b"\x81" + size + mask + text)

    def data_received(self, data: bytes) -> None:
        if not self.is_open and b"101 Switching" in data:
            self.is_open = True
            self._send({"type": "connection_init", "payload": {"Authorization": f"Bearer {self.crowd.bearer}"}})
            return
        if b"connection_ack" in data:
            self._send({"id": str(uuid.uuid4()), "type": "subscribe", "payload": {"query": SUBSCRIPTION}})
            self.crowd.subscribed()
        if b'"ping"' in data:
            self._send({"type": "pong"})
        if b'"type":"error"' in data:
            print(data[:400], file=sys.stderr)
        self._take(data)


WAYS = {"sockets": Socket, "events": Events}


class Crowd:
    def __init__(self, bearer: str, connections: int, expected: int) -> None:
        self.bearer = bearer
        self.expected = expected
        self.connections = connections
        self.waiting_to_subscribe = connections
        self.complete: set[Follower] = set()
        self.moments: dict[bytes, float] = {}
        self.late: list[float] = []
        self.done = asyncio.Event()

    def subscribed(self) -> None:
        self.waiting_to_subscribe -= 1

    def heard(self, at: bytes) -> None:
        moment = self.moments.get(at)
        if moment is None:
            moment = self.moments[at] = datetime.fromisoformat(at.decode()).timestamp()
        self.late.append(time.time() - moment)

    def has_all(self, follower: Follower) -> None:
        self.complete.add(follower)
        if len(self.complete) == self.connections:
            self.done.set()


async def follow(
    host: str, port: int, connections: int, expected: int, seconds: float, way: type[Follower], bearer: str
) -> None:
    crowd = Crowd(bearer, connections, expected)
    loop = asyncio.get_running_loop()
    followers = [(await loop.create_connection(lambda: way(crowd), host, port))[1] for _ in range(connections)]
    while crowd.waiting_to_subscribe:
        await asyncio.sleep(0.05)
    await asyncio.sleep(1.0)
    print("ready", flush=True)
    began, cpu = time.perf_counter(), time.process_time()
    try:
        async with asyncio.timeout(seconds):
            await crowd.done.wait()
    except TimeoutError:
        pass
    cpu = (time.process_time() - cpu) / (time.perf_counter() - began) * 100
    late = sorted(crowd.late) or [0.0]
    print(
        json.dumps(
            {
                "delivered": sum(follower.seen for follower in followers),
                "complete": len(crowd.complete),
                "p50_ms": late[len(late) // 2] * 1000,
                "p99_ms": late[len(late) * 99 // 100] * 1000,
                "cpu_percent": cpu,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    uvloop.run(
        follow(
            sys.argv[1],
            int(sys.argv[2]),
            int(sys.argv[3]),
            int(sys.argv[4]),
            float(sys.argv[5]),
            WAYS[sys.argv[6]],
            (sys.argv[7:] or [""])[0],
        )
    )
