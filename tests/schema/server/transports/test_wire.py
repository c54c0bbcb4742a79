"""Batches as they go over the wire, byte for byte: made once, and right for every id."""

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from schema.server.subscriptions.event_batch import Payloads
from schema.server.transports.wire import CHUNK_BYTES, DeliveredPayloads, events, frames

IDS = st.one_of(st.sampled_from(["1", '"', "ü" * 40, "🙂"]), st.text(min_size=1, max_size=200))
EDGES = st.sampled_from([0, 1, 60, 80, 100, 120, 125, 126, 127, 65_400, 65_480, 65_535, 65_536, 70_000])
SIZES = st.lists(st.one_of(EDGES, st.integers(0, 300)), max_size=30)


def texts_of(sizes: list[int]) -> list[bytes]:
    """A text of each of these sizes."""
    return [orjson.dumps("x" * size) for size in sizes]


def read(data: bytes) -> list[bytes]:
    """The text messages in these frames, as a client reads them that keeps to the letter."""
    client = ClientProtocol(parse_uri("ws://example.com/"), state=State.OPEN, max_size=None)
    client.receive_data(data)
    assert client.parser_exc is None
    read: list[bytes] = []
    for frame in client.events_received():
        assert isinstance(frame, Frame)
        assert frame.opcode is Opcode.TEXT
        assert frame.fin
        read.append(bytes(frame.data))
    return read


@given(SIZES, st.lists(IDS, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_frames_are_read_as_the_messages_they_stand_for(sizes: list[int], ids: list[str]) -> None:
    texts = texts_of(sizes)
    payloads = Payloads(texts)
    for identity in ids:
        written = list(frames(payloads, orjson.dumps(identity)))
        messages = [orjson.loads(message) for some, _ in written for message in read(some)]
        assert messages == [{"id": identity, "type": "next", "payload": orjson.loads(text)} for text in texts]
        counted = 0
        for some, upto in written:
            counted += len(read(some))
            assert upto == counted


@given(SIZES, IDS)
@settings(max_examples=25, deadline=None)
def test_little_is_written_at_once(sizes: list[int], identity: str) -> None:
    texts = texts_of(sizes)
    largest, ids = max(map(len, texts), default=0) + 60, len(texts) * len(orjson.dumps(identity))
    for write in (frames, events):
        for some, _ in write(Payloads(texts), orjson.dumps(identity)):
            assert len(some) < CHUNK_BYTES + largest + ids


def test_what_is_written_is_made_once_for_ids_of_the_same_length() -> None:
    payloads = Payloads([b"1", b"2"])
    (one,), (other,) = frames(payloads, b'"a"'), frames(payloads, b'"b"')
    assert one[0].replace(b'"a"', b'"b"') == other[0]
    assert list(payloads._written) == [("frames", 3)]
    assert next(events(payloads, None))[0] is next(events(payloads, None))[0]


def test_who_has_been_given_a_part_of_a_burst_goes_on_after_that() -> None:
    standing = DeliveredPayloads()
    assert standing.refusal() is None
    standing.takes(Payloads([b"1", b"2"]))
    assert standing.refusal() is None
    standing.takes(Payloads([b"1", b"2"], resume=lambda taken: f"cursor {taken}"))
    assert (refusal := standing.refusal()) is not None
    assert refusal.cursor == "cursor 0"
    standing.given = 1
    assert (refusal := standing.refusal()) is not None
    assert refusal.cursor == "cursor 1"
