"""What a session's cookie opened ends with the session: sockets and event streams of that session, and of no other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import orjson
import pytest

from tests.kit.api import application, serving
from tests.kit.workspaces import PASSWORD

START: Final = (
    "mutation ($email: String!, $password: String!) { sessionStart(email: $email, password: $password) { __typename } }"
)
END: Final = "mutation { sessionEnd { __typename } }"
FOLLOW: Final = {"query": "subscription { membershipChanges { cursor } }"}
CREDENTIALS: Final = {"email": "admin0@example.com", "password": PASSWORD}
SECONDS: Final = 3.0


@pytest.fixture
async def address(admin: str) -> AsyncIterator[str]:
    async with serving(application(recheck_seconds=0.2)) as address:
        yield address


@asynccontextmanager
async def browser(address: str) -> AsyncIterator[aiohttp.ClientSession]:
    """It has signed in, keeps the cookie, and says where its pages are from."""
    jar = aiohttp.CookieJar(unsafe=True)  # the address is a number
    async with aiohttp.ClientSession(f"http://{address}", cookie_jar=jar) as session:
        session.headers["origin"] = f"http://{address}"
        await ask(session, START, CREDENTIALS)
        yield session


async def ask(session: aiohttp.ClientSession, query: str, variables: dict[str, Any] | None = None) -> None:
    async with session.post("/graphql", json={"query": query, "variables": variables or {}}) as answer:
        assert "errors" not in await answer.json()


async def followed_by_socket(session: aiohttp.ClientSession) -> Any:
    socket = await session.ws_connect("/graphql", protocols=["graphql-transport-ws"])
    await socket.send_json({"type": "connection_init"})
    assert (await socket.receive_json())["type"] == "connection_ack"
    await socket.send_json({"id": "1", "type": "subscribe", "payload": FOLLOW})
    return socket


async def close_code(socket: Any) -> int | None:
    """Of a socket that is closed from the other side."""
    while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
        assert message.json()["type"] == "ping"
        await socket.send_json({"type": "pong"})
    code: int | None = socket.close_code
    return code


async def test_a_socket_is_closed_soon_after_its_session_ended(address: str) -> None:
    async with browser(address) as one, browser(address) as other:
        socket, still_open = await followed_by_socket(one), await followed_by_socket(other)
        await asyncio.sleep(0.5)
        assert not socket.closed
        await ask(one, END)
        assert await asyncio.wait_for(close_code(socket), SECONDS) == 4403
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(close_code(still_open), 0.6)


async def test_an_event_stream_ends_soon_after_its_session_ended(address: str) -> None:
    async with (
        browser(address) as one,
        one.post("/graphql", json=FOLLOW, headers={"accept": "text/event-stream"}) as stream,
    ):
        assert stream.status == 200
        await ask(one, END)
        said = (await asyncio.wait_for(stream.read(), SECONDS)).decode()
    told = [orjson.loads(line.removeprefix("data: ")) for line in said.splitlines() if line.startswith("data: {")]
    assert [error["extensions"]["code"] for answer in told for error in answer["errors"]] == ["UNAUTHENTICATED"]


async def test_with_the_cookie_of_an_ended_session_nothing_can_be_followed(address: str) -> None:
    async with browser(address) as one:
        headers = {"cookie": "; ".join(f"{kept.key}={kept.value}" for kept in one.cookie_jar)}
        await ask(one, END)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(f"http://{address}", cookie_jar=jar, headers=headers) as later:
        later.headers["origin"] = f"http://{address}"
        assert await close_code(await followed_by_socket(later)) == 4403
