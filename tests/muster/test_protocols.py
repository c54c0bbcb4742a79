"""How answers leave the process."""

import asyncio

import pytest

from muster.protocols import HeadWithBody

HEAD, BODY = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n", b"body"


class Recorded(asyncio.Transport):
    """Notes each thing that is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.sent.append(data)

    def writelines(self, parts) -> None:
        self.sent.append(b"".join(parts))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
async def transports():
    recorded = Recorded()
    return HeadWithBody(recorded), recorded


async def test_a_head_and_the_body_after_it_leave_in_one_piece(transports):
    transport, recorded = transports
    for _ in range(2):
        transport.write(HEAD)
        transport.write(BODY)
    await asyncio.sleep(0)
    assert recorded.sent == [HEAD + BODY, HEAD + BODY]


async def test_a_head_whose_body_comes_later_does_not_wait_for_it(transports):
    transport, recorded = transports
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert recorded.sent == [HEAD]
    transport.write(BODY)
    assert recorded.sent == [HEAD, BODY]


async def test_a_head_is_sent_before_the_connection_closes(transports):
    transport, recorded = transports
    transport.write(HEAD)
    transport.close()
    assert recorded.sent == [HEAD]
    assert recorded.closed


async def test_frames_of_a_socket_leave_at_once(transports):
    transport, recorded = transports
    transport.write(b"\x81\x04abcd")
    assert recorded.sent == [b"\x81\x04abcd"]
