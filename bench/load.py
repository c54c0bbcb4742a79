"""A load generator: each connection sends its next request after the last answer.

`python -m bench.load FILE`: a pickled dict of host, port, requests (raw bytes of HTTP), connections, seconds. Prints a line
of JSON. Answers are counted by length and status only: lighter than any server."""

import asyncio
import json
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import uvloop


class Caller(asyncio.Protocol):
    def __init__(self, load: "Load") -> None:
        self.load = load
        self.buffer = b""
        self.wanted = -1
        self.sent_at = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        if time.perf_counter() >= self.load.end_at:
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(self.load.next_request())

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if self.wanted < 0:
            head = self.buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            self.wanted = head + 4 + _length(self.buffer[:head])
        if len(self.buffer) >= self.wanted:
            self.load.answered(time.perf_counter() - self.sent_at, self.buffer)
            self.buffer, self.wanted = b"", -1
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.load.lost(exc)


def _length(head: bytes) -> int:
    place = head.lower().find(b"content-length:")
    return int(head[place + 15 : head.find(b"\r\n", place) if head.find(b"\r\n", place) > 0 else None])


class Load:
    def __init__(self, requests: list[bytes], connections: int, seconds: float) -> None:
        self.requests = requests
        self.place = 0
        self.open = connections
        self.end_at = time.perf_counter() + seconds
        self.took: list[float] = []
        self.errors = 0
        self.done = asyncio.get_running_loop().create_future()

    def next_request(self) -> bytes:
        self.place += 1
        return self.requests[self.place % len(self.requests)]

    def answered(self, seconds: float, answer: bytes) -> None:
        self.took.append(seconds)
        if not answer.startswith(b"HTTP/1.1 200") or b'"errors"' in answer[:400] or b'"errors"' in answer[-400:]:
            self.errors += 1
            if self.errors == 1:
                print(answer[:1000], file=sys.stderr)

    def lost(self, exc: Exception | None) -> None:
        self.errors += exc is not None
        self.open -= 1
        if self.open == 0:
            self.done.set_result(None)


async def run(job: dict[str, Any]) -> dict[str, float]:
    started = time.perf_counter()
    load = Load(job["requests"], job["connections"], job["seconds"])
    loop = asyncio.get_running_loop()
    for _ in range(job["connections"]):
        await loop.create_connection(lambda: Caller(load), job["host"], job["port"])
    await load.done
    took = sorted(load.took)
    return {
        "requests": len(took),
        "per_second": len(took) / (time.perf_counter() - started),
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[len(took) * 99 // 100] * 1000,
        "errors": load.errors,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(pickle.loads(Path(sys.argv[1]).read_bytes())))))
