"""Many messages in one write, made once for all who are told the same.

The messages of two subscribers of the same differ only in the id that each client gave its operation. So they are kept as what
stands between the ids, and `id.join(...)` is a batch as it goes over the wire. Frames of WebSockets, whose heads tell their
length, are made for ids of one length.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from schema.server import metrics
from schema.server.refusals import SlowConsumer
from schema.server.subscriptions.event_batch import Payloads

FRAMED: Final = "websocket.send.framed"
"""An extension of ASGI that the server around us may offer: a message of this type has `frames`, whole frames (unmasked, not
compressed), and they are written as they are, as one. It waits like a `websocket.send` while the client does not read."""

CHUNK_BYTES: Final = 65_536
"""About how much is written at once: who does not read is waited for in between, so that little is kept for it."""


@dataclass(frozen=True, slots=True)
class WireChunk:
    """Messages, as what stands between the ids in them; with it, `upto` messages of the batch have been written."""

    parts: Sequence[bytes]
    upto: int


@dataclass(slots=True)
class DeliveredPayloads:
    """How far an operation's client has come: it has been given so many of these payloads."""

    payloads: Payloads | None = None
    given: int = 0

    def takes(self, payloads: Payloads) -> None:
        """These are next."""
        self.payloads, self.given = payloads, 0

    def refusal(self) -> SlowConsumer | None:
        """What to tell a client that does not read what it is given; None for an operation that cannot be gone on with."""
        if self.payloads is None or self.payloads.resume is None:
            return None
        metrics.SLOW.inc()
        return SlowConsumer(self.payloads.resume(self.given))


def frames(payloads: Payloads, identity: bytes) -> Iterator[tuple[bytes, int]]:
    """The payloads as frames of `next` messages of the operation with this id (as JSON); and how many are out with each write."""
    return _join(payloads.written(("frames", len(identity)), lambda texts: _frames(texts, len(identity))), identity)


def events(payloads: Payloads, identity: bytes | None) -> Iterator[tuple[bytes, int]]:
    """The payloads as `next` events. With an id (as JSON): of that operation of a single connection."""
    if identity is None:
        return _join(payloads.written("events", _events), b"")
    return _join(payloads.written("events of one", _events_of_one), identity)


def event(name: bytes, data: bytes = b"") -> bytes:
    """One server-sent event."""
    return b"event: " + name + b"\ndata: " + data + b"\n\n"


def _join(chunks: Sequence[WireChunk], identity: bytes) -> Iterator[tuple[bytes, int]]:
    return ((identity.join(chunk.parts), chunk.upto) for chunk in chunks)


def _frames(texts: Sequence[bytes], id_bytes: int) -> list[WireChunk]:
    before = b'{"id":'
    afters = [b',"type":"next","payload":' + text + b"}" for text in texts]
    return _chunks((_head(len(before) + id_bytes + len(after)) + before, after) for after in afters)


def _head(size: int) -> bytes:
    """The head of a frame that is a whole text message of so many bytes (RFC 6455, 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


def _events(texts: Sequence[bytes]) -> list[WireChunk]:
    chunks = _chunks((b"", event(b"next", text)) for text in texts)
    return [WireChunk((b"".join(chunk.parts),), chunk.upto) for chunk in chunks]


def _events_of_one(texts: Sequence[bytes]) -> list[WireChunk]:
    return _chunks((b'event: next\ndata: {"id":', b',"payload":' + text + b"}\n\n") for text in texts)


def _chunks(messages: Iterable[tuple[bytes, bytes]]) -> list[WireChunk]:
    """Messages, each as what stands before its id and after it, in chunks of about CHUNK_BYTES."""
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
