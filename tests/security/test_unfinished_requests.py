"""Connections over which a request does not come to its end are closed; slow ones and long answers are not."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from muster import protocols
from tests.kit.api import application, serving
from tests.kit.toys import toy_schema

HEAD = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n"
BODY = b'{"query": "{__typename}"}'


@pytest.fixture
async def address(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr(protocols, "HEAD_SECONDS", 0.4)
    monkeypatch.setattr(protocols, "PIECE_SECONDS", 0.4)
    async with serving(application(toy_schema())) as server:
        yield server


async def answer_to(address: str, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What the server sends until it closes the connection."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(), 3)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("sent", [b"", b"P", HEAD[:30], HEAD, HEAD + BODY[:5]])
async def test_half_a_request_is_cut_off(address: str, sent: bytes) -> None:
    assert await answer_to(address, sent) == b""


async def test_a_head_that_drips_is_cut_off(address: str) -> None:
    assert await answer_to(address, *(bytes([byte]) for byte in HEAD[:40]), pause=0.05) == b""


async def test_half_a_request_after_a_whole_one_is_cut_off(address: str) -> None:
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(HEAD + BODY)
    assert (await reader.readuntil(b"}}}}")).startswith(b"HTTP/1.1 200")
    writer.write(HEAD[:30])
    assert await asyncio.wait_for(reader.read(), 3) == b""
    writer.close()


async def test_a_body_in_slow_pieces_is_read(address: str) -> None:
    pieces = [BODY[at : at + 5] for at in range(0, 25, 5)]
    head = HEAD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert b'"__typename":"Query"' in await answer_to(address, head, *pieces, pause=0.15)


async def test_a_long_answer_and_a_websocket_are_not_cut_off(address: str) -> None:
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"ws://{address}/graphql", protocols=["graphql-transport-ws"]) as socket,
    ):
        await socket.send_json({"type": "connection_init"})
        assert (await socket.receive_json())["type"] == "connection_ack"
        async with client.post(f"http://{address}/graphql", json={"query": "{ sleep(seconds: 1) }"}) as response:
            assert (await response.json())["data"] == {"sleep": "woke"}
        await socket.send_json({"type": "ping"})
        assert (await socket.receive_json())["type"] == "pong"
