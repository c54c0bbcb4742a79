"""The protocol graphql-transport-ws, message by message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import orjson
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from models.accounts import api_tokens, members
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from schema.server.subscriptions.event_batch import EventBatch
from schema.server.transports.socket import SocketLimits
from tests.kit import toys
from tests.kit.api import OURS, PLAIN, application, bearer_of, serving, token_with
from tests.kit.toys import toy, toy_schema
from tests.kit.workspaces import new_workspace

LIMITS = SocketLimits(init_seconds=0.3, ping_seconds=0.3, idle_seconds=1.0, operations=3, message_bytes=5_000)


@pytest.fixture(scope="module", params=[OURS, PLAIN], ids=["ours", "plain"])
async def address(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    app = application(toy_schema(), sockets=LIMITS, recheck_seconds=0.2, allowed_origins=("https://app.example.com",))
    async with serving(app, request.param) as server:
        yield server


class JsonSocket:
    """A socket that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def receive(self) -> Any:
        """The next message that is no ping (pings are answered)."""
        while True:
            message = orjson.loads(await asyncio.wait_for(self.connection.recv(), 5))
            if message["type"] != "ping":
                return message
            await self.send(type="pong")

    async def closed(self) -> tuple[int, str]:
        """The code and reason that the server closes with."""
        while True:
            try:
                await asyncio.wait_for(self.connection.recv(), 5)
            except websockets.ConnectionClosed as end:
                return (1006, "") if end.rcvd is None else (end.rcvd.code, end.rcvd.reason)


@asynccontextmanager
async def open_socket(address: str, init: Any = "none", **options: Any) -> AsyncIterator[JsonSocket]:
    """An open socket; `init` is the payload of an initialisation that is acknowledged."""
    options.setdefault("subprotocols", ["graphql-transport-ws"])
    async with connect(f"ws://{address}/graphql", **options) as connection:
        socket = JsonSocket(connection)
        if init != "none":
            await socket.send(type="connection_init", payload=init)
            assert await socket.receive() == {"type": "connection_ack"}
        yield socket


def subscribe(query: str, operation_id: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": operation_id, "type": "subscribe", "payload": {"query": query, **more}}


async def test_events_come_one_by_one_and_then_the_end(address: str) -> None:
    async with open_socket(address, None) as socket:
        await socket.send(**subscribe("subscription ($to: Int!) { counting(to: $to) }", variables={"to": 2}))
        assert [await socket.receive() for _ in range(3)] == [
            {"id": "1", "type": "next", "payload": {"data": {"counting": 1}}},
            {"id": "1", "type": "next", "payload": {"data": {"counting": 2}}},
            {"id": "1", "type": "complete"},
        ]


async def test_a_batch_comes_as_single_messages_in_order(address: str) -> None:
    words = ["short", "x" * 200, "ähm 🙂" * 30, "y" * 70_000, ""]
    toys.made_batches[:] = [
        EventBatch([{**toy(n), "name": word} for n, word in enumerate(words)]),
        EventBatch([]),
        EventBatch([toy(9)]),
    ]
    async with open_socket(address, None) as socket:
        for number in ("1", 'an id of its own, quoted: " ü'):
            await socket.send(**subscribe("subscription { batches { name } }", number))
            received = [await socket.receive() for _ in range(7)]
            assert {message["id"] for message in received} == {number}
            assert [message["payload"]["data"]["batches"]["name"] for message in received[:-1]] == [*words, "toy 9"]
            assert received[-1]["type"] == "complete"


async def test_a_query_is_answered_and_done(address: str) -> None:
    async with open_socket(address, None) as socket:
        await socket.send(**subscribe("{ toy(number: 1) { madeAt } }"))
        assert (await socket.receive())["payload"]["data"] == {"toy": {"madeAt": "2026-01-02T00:00:00Z"}}
        assert await socket.receive() == {"id": "1", "type": "complete"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nothing }", "BAD_REQUEST"),
        ("{", "BAD_REQUEST"),
        ("subscription { toyMade { id } }", "UNAUTHENTICATED"),
        ("subscription { misled }", "BAD_REQUEST"),
    ],
)
async def test_a_refused_operation_gets_the_reason(address: str, query: str, code: str) -> None:
    async with open_socket(address, None) as socket:
        await socket.send(**subscribe(query))
        message = await socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)


async def test_a_broken_subscription_shows_its_request_id_and_nothing_else(address: str) -> None:
    async with open_socket(address, None) as socket:
        await socket.send(**subscribe("subscription { brokenFeed }"))
        await socket.receive()
        error = (await socket.receive())["payload"][0]
        assert error["extensions"]["code"] == "INTERNAL"
        assert error["extensions"]["requestId"] in error["message"]
        assert "hunter2" not in str(error)


async def test_a_reader_that_is_too_slow_is_given_its_cursor(address: str) -> None:
    async with open_socket(address, None) as socket:
        await socket.send(**subscribe("subscription { overrun }"))
        await socket.receive()
        assert (await socket.receive())["payload"][0]["extensions"] == {"code": "SLOW_CONSUMER", "cursor": "c42"}


async def test_an_operation_can_be_stopped_and_its_id_used_again(address: str, database: str) -> None:
    del database
    bearer = await bearer_of(await new_workspace())
    async with open_socket(address, {"Authorization": f"Bearer {bearer}"}) as socket:
        for _ in range(2):
            await socket.send(**subscribe("subscription { toyMade(wait: 0.02) { name } }"))
            while (await socket.receive())["type"] != "next":
                pass
            await socket.send(id="1", type="complete")


async def test_operations_of_one_socket_have_contexts_of_their_own(address: str) -> None:
    async with open_socket(address, None) as socket:
        await socket.send(**subscribe("{ plainToys(count: 30) { children { id } } }", "a"))
        await socket.send(**subscribe("{ plainToys(count: 20) { children { id } } }", "b"))
        sizes = {}
        while len(sizes) < 2:
            message = await socket.receive()
            if message["type"] == "next":
                sizes[message["id"]] = len(message["payload"]["data"]["plainToys"])
        assert sizes == {"a": 30, "b": 20}


# ---------------------------------------------------------------- permission, while it lives


async def test_a_revoked_token_ends_its_subscriptions_and_the_socket(address: str, database: str) -> None:
    del database
    scope = await new_workspace()
    secret = await token_with(scope, Permission.CONTACT_READ)
    async with open_socket(address, {"authorization": f"Bearer {secret}"}) as socket:
        await socket.send(**subscribe("subscription { toyMade(wait: 0.05) { name } }"))
        await socket.receive()
        await api_tokens.revoke(scope, 1)
        messages = [orjson.loads(text) async for text in until_closed(socket.connection)]
        assert {message["type"] for message in messages} <= {"next", "ping"}
        assert await socket.closed() == (4403, "Forbidden: the bearer token has ended: connect again with a new one")


async def test_a_query_with_a_token_that_has_ended_closes_the_socket_without_an_error(
    address: str, database: str
) -> None:
    del database
    scope = await new_workspace()
    secret = await token_with(scope, Permission.CONTACT_READ)
    async with open_socket(address, {"authorization": f"Bearer {secret}"}) as socket:
        await api_tokens.revoke(scope, 1)
        await socket.send(**subscribe("{ who }"))
        assert [text async for text in until_closed(socket.connection)] == []
        assert (await socket.closed())[0] == 4403


async def until_closed(connection: ClientConnection) -> AsyncIterator[str | bytes]:
    """The messages before the server closes the socket."""
    try:
        while True:
            yield await asyncio.wait_for(connection.recv(), 5)
    except websockets.ConnectionClosed:
        return


async def test_a_member_who_loses_the_permission_loses_the_subscription_and_keeps_the_socket(
    address: str, database: str
) -> None:
    del database
    scope = await new_workspace()
    bearer = await bearer_of(scope, Role.USER, Permission.CONTACT_READ)
    async with open_socket(address, {"authorization": f"Bearer {bearer}"}) as socket:
        await socket.send(**subscribe("subscription { toyMade(wait: 30) { name } }"))
        await members.update(scope, 1, {"permissions": []})
        message = await socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
        await socket.send(**subscribe("{ who }"))
        assert (await socket.receive())["payload"]["data"] == {"who": "MEMBER 1"}


async def test_the_header_of_the_upgrade_signs_in_too(address: str, database: str) -> None:
    del database
    bearer = await bearer_of(await new_workspace())
    async with open_socket(address, None, additional_headers={"Authorization": f"Bearer {bearer}"}) as socket:
        await socket.send(**subscribe("{ who }"))
        assert (await socket.receive())["payload"]["data"] == {"who": "MEMBER 1"}


# ---------------------------------------------------------------- the rules of the protocol


async def test_a_token_that_is_not_good_is_forbidden(address: str, database: str) -> None:
    del database
    async with open_socket(address) as socket:
        await socket.send(type="connection_init", payload={"authorization": "Bearer nonsense"})
        assert (await socket.closed())[0] == 4403


async def test_a_socket_that_is_not_initialised_in_time_is_closed(address: str) -> None:
    async with open_socket(address) as socket:
        assert await socket.closed() == (4408, "Connection initialisation timeout")


async def test_a_socket_that_does_not_answer_pings_is_closed(address: str) -> None:
    async with open_socket(address, None) as socket:
        assert await socket.closed() == (1001, "nobody answers")


async def test_a_socket_without_a_caller_and_without_an_operation_is_closed(address: str, database: str) -> None:
    del database
    bearer = await bearer_of(await new_workspace())
    async with (
        open_socket(address, None) as idle,
        open_socket(address, None) as busy,
        open_socket(address, {"authorization": f"Bearer {bearer}"}) as signed_in,
    ):
        await busy.send(**subscribe("{ sleep(seconds: 2) }"))
        # All three answer pings while they wait.
        answers = [asyncio.ensure_future(socket.receive()) for socket in (idle, busy, signed_in)]
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await answers[0]
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1000
        assert (await answers[1])["payload"]["data"] == {"sleep": "woke"}
        await signed_in.send(**subscribe("{ who }"))
        assert (await answers[2])["payload"]["data"] == {"who": "MEMBER 1"}


async def test_pings_are_answered_with_what_they_carry(address: str) -> None:
    async with open_socket(address, None) as socket:
        await socket.send(type="ping", payload={"n": 1})
        assert await socket.receive() == {"type": "pong", "payload": {"n": 1}}


async def test_subscribing_before_the_acknowledgement_is_unauthorized(address: str) -> None:
    async with open_socket(address) as socket:
        await socket.send(**subscribe("{ __typename }"))
        assert await socket.closed() == (4401, "Unauthorized")


async def test_initialising_twice_is_too_much(address: str) -> None:
    async with open_socket(address, None) as socket:
        await socket.send(type="connection_init")
        assert await socket.closed() == (4429, "Too many initialisation requests")


async def test_an_id_in_use_cannot_be_used_again(address: str) -> None:
    async with open_socket(address, None) as socket:
        for _ in range(2):
            await socket.send(**subscribe("{ sleep(seconds: 9) }"))
        assert await socket.closed() == (4409, "Subscriber for 1 already exists")


async def test_a_socket_carries_a_limited_number_of_operations(address: str) -> None:
    async with open_socket(address, None) as socket:
        for number in range(3):
            await socket.send(**subscribe("{ sleep(seconds: 0.1) }", str(number)))
        await socket.send(**subscribe("{ __typename }", "one too many"))
        refused, *others = [await socket.receive() for _ in range(7)]
        assert (refused["type"], refused["id"]) == ("error", "one too many")
        assert refused["payload"][0]["extensions"] == {"code": "BAD_REQUEST", "reason": "LIMIT_EXCEEDED"}
        assert [message["type"] for message in others] == ["next", "complete"] * 3
        await socket.send(**subscribe("{ __typename }", "later"))
        assert (await socket.receive())["type"] == "next"


@pytest.mark.parametrize(
    "text", ["{", "[]", '"x"', '{"type": "?"}', '{"type": "subscribe"}', '{"type":"subscribe","id":"1"}']
)
async def test_what_is_not_understood_closes_the_socket(address: str, text: str) -> None:
    async with open_socket(address, None) as socket:
        await socket.connection.send(text)
        assert (await socket.closed())[0] == 4400


async def test_a_message_has_a_longest_length(address: str) -> None:
    async with open_socket(address, None) as socket:
        await socket.send(type="ping", payload={"x": "x" * 5_000})
        assert (await socket.closed())[0] == 1009


async def test_another_subprotocol_is_not_spoken(address: str) -> None:
    async with open_socket(address, subprotocols=["graphql-ws"]) as socket:
        assert (await socket.closed())[0] == 4406


async def test_sockets_are_opened_from_allowed_origins_only(address: str) -> None:
    async with open_socket(address, None, origin="https://app.example.com"):
        pass
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with open_socket(address, None, origin="https://evil.example.com"):
            pass
    assert refused.value.response.status_code == 403


async def test_the_servers_own_origin_is_always_allowed(address: str) -> None:
    async with open_socket(address, None, origin=f"http://{address}"):
        pass


async def test_a_client_that_disconnects_leaves_nothing_behind(address: str, database: str) -> None:
    del database
    scope: Scope = await new_workspace()
    bearer = await bearer_of(scope)
    before = len(asyncio.all_tasks())
    async with open_socket(address, {"authorization": f"Bearer {bearer}"}) as socket:
        await socket.send(**subscribe("subscription { toyMade(wait: 0.01) { name } }"))
        await socket.receive()
        socket.connection.transport.abort()
    for _ in range(100):
        await asyncio.sleep(0.02)
        if len(asyncio.all_tasks()) <= before:
            return
    raise AssertionError(asyncio.all_tasks())


@pytest.mark.parametrize("protocols", [OURS, PLAIN], ids=["ours", "plain"])
async def test_a_server_that_stops_asks_clients_to_connect_again(protocols: dict[str, str]) -> None:
    async with AsyncExitStack() as server:
        address = await server.enter_async_context(serving(application(toy_schema()), protocols))
        async with open_socket(address, None) as socket:
            await socket.send(**subscribe("{ sleep(seconds: 9) }"))
            stopping = asyncio.ensure_future(server.aclose())
            assert (await socket.closed())[0] == 1012
            await stopping
