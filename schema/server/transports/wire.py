"""Many messages in one write, formatted once for all subscribers that get the same payloads.

These messages differ only in the operation's id, so the bytes between the ids are kept, for `id.join(...)`. The head of a
WebSocket frame holds its length, so frames are kept per length of id.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from schema.server import metrics
from schema.server.refusals import SlowConsumer
from schema.server.subscriptions.event_batch import Payloads

FRAMED: Final = "websocket.send.framed"
"""An extension of ASGI: whole `frames`, unmasked and not compressed, are written unchanged at once.

Like `websocket.send` it waits while the client does not read.
"""

CHUNK_BYTES: Final = 65_536
"""About one write. The server waits between writes, so it buffers little for a slow client."""


@dataclass(frozen=True, slots=True)
class WireChunk:
    """The bytes between ids; after it, `upto` messages of the batch are written."""

    parts: Sequence[bytes]
    upto: int


@dataclass(slots=True)
class DeliveredPayloads:
    """What an operation sends now, and how many payloads are sent."""

    payloads: Payloads | None = None
    count: int = 0

    def start(self, payloads: Payloads) -> None:
        self.payloads, self.count = payloads, 0

    def slow_consumer(self) -> SlowConsumer | None:
        """The error for a client that does not read; None without cursors."""
        if self.payloads is None or self.payloads.resume is None:
            return None
        metrics.SLOW.inc()
        return SlowConsumer(self.payloads.resume(self.count))


def frames(payloads: Payloads, id_json: bytes) -> Iterator[tuple[bytes, int]]:
    """Bytes to write, and how many messages are written after them."""
    return _join(payloads.formatted(("frames", len(id_json)), lambda texts: _frames(texts, len(id_json))), id_json)


def events(payloads: Payloads, id_json: bytes | None) -> Iterator[tuple[bytes, int]]:
    """The id is None where the stream carries one operation."""
    if id_json is None:
        return _join(payloads.formatted("events", _events), b"")
    return _join(payloads.formatted("events with an id", _events_with_id), id_json)


def event(name: bytes, data: bytes = b"") -> bytes:
    return b"event: " + name + b"\ndata: " + data + b"\n\n"


def _join(chunks: Sequence[WireChunk], id_json: bytes) -> Iterator[tuple[bytes, int]]:
    return ((id_json.join(chunk.parts), chunk.upto) for chunk in chunks)


def _frames(texts: Sequence[bytes], id_bytes: int) -> list[WireChunk]:
    before = b'{"id":'
    afters = [b',"type":"next","payload":' + text + b"}" for text in texts]
    return _chunks((_head(len(before) + id_bytes + len(after)) + before, after) for after in afters)


def _head(size: int) -> bytes:
    """The head of a text frame of `size` bytes (RFC 6455, 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


def _events(texts: Sequence[bytes]) -> list[WireChunk]:
    chunks = _chunks((b"", event(b"next", text)) for text in texts)
    return [WireChunk((b"".join(chunk.parts),), chunk.upto) for chunk in chunks]


def _events_with_id(texts: Sequence[bytes]) -> list[WireChunk]:
    return _chunks((b'event: next\ndata: {"id":', b',"payload":' + text + b"}\n\n") for text in texts)


def _chunks(messages: Iterable[tuple[bytes, bytes]]) -> list[WireChunk]:
    """A message is the bytes before and after the id."""
    chunks: list[WireChunk] = []
    parts, size = [b""], 0
    for upto, (before, after) in enumerate(messages, 1):
        parts[-1] += before
        parts.append(after)
        size += len(before) + len(after)
        if size >= CHUNK_BYTES:
            chunks.append(WireChunk(parts, upto))
            parts, size = [b""], 0
    return chunks if size == 0 else [*chunks, WireChunk(parts, upto)]
