"""Batches in their wire format are written once and are right for every id."""

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


def messages_in(data: bytes) -> list[bytes]:
    """The text messages in these frames, as a strict client reads them."""
    client = ClientProtocol(parse_uri("ws://example.com/"), state=State.OPEN, max_size=None)
    client.receive_data(data)
    assert client.parser_exc is None
    messages: list[bytes] = []
    for frame in client.events_received():
        assert isinstance(frame, Frame)
        assert frame.opcode is Opcode.TEXT
        assert frame.fin
        messages.append(bytes(frame.data))
    return messages


@given(SIZES, st.lists(IDS, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_a_client_reads_frames_as_messages(sizes: list[int], ids: list[str]) -> None:
    texts = texts_of(sizes)
    payloads = Payloads(texts)
    for operation_id in ids:
        written = list(frames(payloads, orjson.dumps(operation_id)))
        messages = [orjson.loads(message) for chunk, _ in written for message in messages_in(chunk)]
        assert messages == [{"id": operation_id, "type": "next", "payload": orjson.loads(text)} for text in texts]
        counted = 0
        for chunk, upto in written:
            counted += len(messages_in(chunk))
            assert upto == counted


@given(SIZES, IDS)
@settings(max_examples=25, deadline=None)
def test_a_write_is_small(sizes: list[int], operation_id: str) -> None:
    texts = texts_of(sizes)
    largest, ids = max(map(len, texts), default=0) + 60, len(texts) * len(orjson.dumps(operation_id))
    for write in (frames, events):
        for chunk, _ in write(Payloads(texts), orjson.dumps(operation_id)):
            assert len(chunk) < CHUNK_BYTES + largest + ids


def test_frames_are_written_once_for_ids_of_the_same_length() -> None:
    payloads = Payloads([b"1", b"2"])
    (one,), (other,) = frames(payloads, b'"a"'), frames(payloads, b'"b"')
    assert one[0].replace(b'"a"', b'"b"') == other[0]
    assert list(payloads.formats) == [("frames", 3)]
    assert next(events(payloads, None))[0] is next(events(payloads, None))[0]


def test_a_client_that_has_received_a_part_of_a_batch_resumes_after_that_part() -> None:
    delivered = DeliveredPayloads()
    assert delivered.slow_consumer() is None
    delivered.start(Payloads([b"1", b"2"]))
    assert delivered.slow_consumer() is None
    delivered.start(Payloads([b"1", b"2"], resume=lambda count: f"cursor {count}"))
    assert (error := delivered.slow_consumer()) is not None
    assert error.cursor == "cursor 0"
    delivered.count = 1
    assert (error := delivered.slow_consumer()) is not None
    assert error.cursor == "cursor 1"
