"""Messages to a client over a WebSocket."""

import asyncio
from typing import Any

import orjson
import pytest

from schema.server.subscriptions.event_batch import Payloads
from schema.server.time_limits import TimeLimit
from schema.server.transports import outgoing
from schema.server.transports.outgoing import Outgoing
from schema.server.transports.wire import FRAMED, DeliveredPayloads


class Client:
    """Keeps what it is sent, or never reads."""

    def __init__(self, reads: bool = True) -> None:
        self.reads = reads
        self.messages: list[Any] = []

    async def __call__(self, message: Any) -> None:
        if not self.reads:
            await asyncio.sleep(60)
        self.messages.append(message)


async def test_payloads_are_sent_one_by_one_or_in_frames() -> None:
    plain, framed = Client(), Client()
    delivered = DeliveredPayloads()
    await Outgoing(plain, TimeLimit(5), False).send_payloads(b'"1"', Payloads([b"1", b"2"]), delivered)
    assert [orjson.loads(message["text"]) for message in plain.messages] == [
        {"id": "1", "type": "next", "payload": 1},
        {"id": "1", "type": "next", "payload": 2},
    ]
    assert delivered.count == 2
    await Outgoing(framed, TimeLimit(5), True).send_payloads(b'"1"', Payloads([b"1", b"2"]), delivered)
    assert [message["type"] for message in framed.messages] == [FRAMED]


async def test_sending_ends_when_the_client_does_not_read() -> None:
    delivered = DeliveredPayloads()
    with pytest.raises(TimeoutError):
        await Outgoing(Client(reads=False), TimeLimit(0.01), False).send_payloads(b'"1"', Payloads([b"1"]), delivered)
    assert delivered.count == 0


def test_messages_are_those_of_the_protocol() -> None:
    assert orjson.loads(outgoing.pong(None)) == {"type": "pong"}
    assert orjson.loads(outgoing.pong({"a": 1})) == {"type": "pong", "payload": {"a": 1}}
    assert orjson.loads(outgoing.complete(b'"1"')) == {"id": "1", "type": "complete"}
    assert orjson.loads(outgoing.error(b'"1"', [{"message": "m"}])) == {
        "id": "1",
        "type": "error",
        "payload": [{"message": "m"}],
    }
