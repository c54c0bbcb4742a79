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

LIMITS = SocketLimits(init_seconds=0.3, ping_seconds=0.3, operations=3, message_bytes=5_000)


@pytest.fixture(scope="module", params=[OURS, PLAIN], ids=["ours", "plain"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    app = application(toy_schema(), sockets=LIMITS, recheck_seconds=0.2, allowed_origins=("https://app.example.com",))
    async with serving(app, request.param) as address:
        yield address


class Line:
    """A socket that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def hear(self) -> Any:
        """The next message that is no ping (pings are answered)."""
        while True:
            message = orjson.loads(await asyncio.wait_for(self.connection.recv(), 5))
            if message["type"] != "ping":
                return message
            await self.say(type="pong")

    async def closed(self) -> tuple[int, str]:
        """The code and reason that the server closes with."""
        while True:
            try:
                await asyncio.wait_for(self.connection.recv(), 5)
            except websockets.ConnectionClosed as end:
                return (1006, "") if end.rcvd is None else (end.rcvd.code, end.rcvd.reason)


@asynccontextmanager
async def line(place: str, init: Any = "none", **options: Any) -> AsyncIterator[Line]:
    """An open socket; `init` is the payload of an initialisation that is acknowledged."""
    options.setdefault("subprotocols", ["graphql-transport-ws"])
    async with connect(f"ws://{place}/graphql", **options) as connection:
        opened = Line(connection)
        if init != "none":
            await opened.say(type="connection_init", payload=init)
            assert await opened.hear() == {"type": "connection_ack"}
        yield opened


def subscribe(query: str, number: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": number, "type": "subscribe", "payload": {"query": query, **more}}


async def test_events_come_one_by_one_and_then_the_end(place: str) -> None:
    async with line(place, None) as opened:
        await opened.say(**subscribe("subscription ($to: Int!) { counting(to: $to) }", variables={"to": 2}))
        assert [await opened.hear() for _ in range(3)] == [
            {"id": "1", "type": "next", "payload": {"data": {"counting": 1}}},
            {"id": "1", "type": "next", "payload": {"data": {"counting": 2}}},
            {"id": "1", "type": "complete"},
        ]


async def test_a_burst_comes_as_single_messages_whole_and_in_order(place: str) -> None:
    words = ["short", "x" * 200, "ähm 🙂" * 30, "y" * 70_000, ""]
    toys.made_bursts[:] = [
        EventBatch([{**toy(n), "name": word} for n, word in enumerate(words)]),
        EventBatch([]),
        EventBatch([toy(9)]),
    ]
    async with line(place, None) as opened:
        for number in ("1", 'an id of its own, quoted: " ü'):
            await opened.say(**subscribe("subscription { batches { name } }", number))
            heard = [await opened.hear() for _ in range(7)]
            assert {message["id"] for message in heard} == {number}
            assert [message["payload"]["data"]["batches"]["name"] for message in heard[:-1]] == [*words, "toy 9"]
            assert heard[-1]["type"] == "complete"


async def test_a_query_is_answered_and_done(place: str) -> None:
    async with line(place, None) as opened:
        await opened.say(**subscribe("{ toy(number: 1) { madeAt } }"))
        assert (await opened.hear())["payload"]["data"] == {"toy": {"madeAt": "2026-01-02T00:00:00Z"}}
        assert await opened.hear() == {"id": "1", "type": "complete"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nothing }", "BAD_REQUEST"),
        ("{", "BAD_REQUEST"),
        ("subscription { toyMade { id } }", "UNAUTHENTICATED"),
        ("subscription { misled }", "BAD_REQUEST"),
    ],
)
async def test_an_operation_that_is_refused_is_told_why(place: str, query: str, code: str) -> None:
    async with line(place, None) as opened:
        await opened.say(**subscribe(query))
        message = await opened.hear()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)


async def test_a_feed_that_breaks_tells_its_request_id_and_nothing_else(place: str) -> None:
    async with line(place, None) as opened:
        await opened.say(**subscribe("subscription { brokenFeed }"))
        await opened.hear()
        error = (await opened.hear())["payload"][0]
        assert error["extensions"]["code"] == "INTERNAL"
        assert error["extensions"]["requestId"] in error["message"]
        assert "hunter2" not in str(error)


async def test_a_reader_that_is_too_slow_is_given_its_cursor(place: str) -> None:
    async with line(place, None) as opened:
        await opened.say(**subscribe("subscription { overrun }"))
        await opened.hear()
        assert (await opened.hear())["payload"][0]["extensions"] == {"code": "SLOW_CONSUMER", "cursor": "c42"}


async def test_an_operation_can_be_stopped_and_its_id_used_again(place: str, database: str) -> None:
    del database
    bearer = await bearer_of(await new_workspace())
    async with line(place, {"Authorization": f"Bearer {bearer}"}) as opened:
        for _ in range(2):
            await opened.say(**subscribe("subscription { toyMade(wait: 0.02) { name } }"))
            while (await opened.hear())["type"] != "next":
                pass
            await opened.say(id="1", type="complete")


async def test_operations_of_one_socket_have_contexts_of_their_own(place: str) -> None:
    async with line(place, None) as opened:
        await opened.say(**subscribe("{ plainToys(count: 30) { children { id } } }", "a"))
        await opened.say(**subscribe("{ plainToys(count: 20) { children { id } } }", "b"))
        sizes = {}
        while len(sizes) < 2:
            message = await opened.hear()
            if message["type"] == "next":
                sizes[message["id"]] = len(message["payload"]["data"]["plainToys"])
        assert sizes == {"a": 30, "b": 20}


# ---------------------------------------------------------------- permission, while it lives


async def test_a_revoked_token_ends_its_subscriptions_and_the_socket(place: str, database: str) -> None:
    del database
    scope = await new_workspace()
    secret = await token_with(scope, Permission.CONTACT_READ)
    async with line(place, {"authorization": f"Bearer {secret}"}) as opened:
        await opened.say(**subscribe("subscription { toyMade(wait: 0.05) { name } }"))
        await opened.hear()
        await api_tokens.revoke(scope, 1)
        while (message := await opened.hear())["type"] == "next":
            pass
        assert message["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert (await opened.closed())[0] == 4401


async def test_a_member_who_loses_the_permission_loses_the_subscription_and_keeps_the_socket(
    place: str, database: str
) -> None:
    del database
    scope = await new_workspace()
    bearer = await bearer_of(scope, Role.USER, Permission.CONTACT_READ)
    async with line(place, {"authorization": f"Bearer {bearer}"}) as opened:
        await opened.say(**subscribe("subscription { toyMade(wait: 30) { name } }"))
        await members.update(scope, 1, {"permissions": []})
        message = await opened.hear()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
        await opened.say(**subscribe("{ who }"))
        assert (await opened.hear())["payload"]["data"] == {"who": "MEMBER 1"}


async def test_the_header_of_the_upgrade_signs_in_too(place: str, database: str) -> None:
    del database
    bearer = await bearer_of(await new_workspace())
    async with line(place, None, additional_headers={"Authorization": f"Bearer {bearer}"}) as opened:
        await opened.say(**subscribe("{ who }"))
        assert (await opened.hear())["payload"]["data"] == {"who": "MEMBER 1"}


# ---------------------------------------------------------------- the rules of the protocol


async def test_a_token_that_is_not_good_is_forbidden(place: str, database: str) -> None:
    del database
    async with line(place) as opened:
        await opened.say(type="connection_init", payload={"authorization": "Bearer nonsense"})
        assert (await opened.closed())[0] == 4403


async def test_who_does_not_initialise_in_time_is_cut_off(place: str) -> None:
    async with line(place) as opened:
        assert await opened.closed() == (4408, "Connection initialisation timeout")


async def test_who_does_not_answer_pings_is_cut_off(place: str) -> None:
    async with line(place, None) as opened:
        assert await opened.closed() == (1001, "nobody answers")


async def test_pings_are_answered_with_what_they_carry(place: str) -> None:
    async with line(place, None) as opened:
        await opened.say(type="ping", payload={"n": 1})
        assert await opened.hear() == {"type": "pong", "payload": {"n": 1}}


async def test_subscribing_before_the_acknowledgement_is_unauthorized(place: str) -> None:
    async with line(place) as opened:
        await opened.say(**subscribe("{ __typename }"))
        assert await opened.closed() == (4401, "Unauthorized")


async def test_initialising_twice_is_too_much(place: str) -> None:
    async with line(place, None) as opened:
        await opened.say(type="connection_init")
        assert await opened.closed() == (4429, "Too many initialisation requests")


async def test_an_id_in_use_is_taken(place: str) -> None:
    async with line(place, None) as opened:
        for _ in range(2):
            await opened.say(**subscribe("{ sleep(seconds: 9) }"))
        assert await opened.closed() == (4409, "Subscriber for 1 already exists")


async def test_a_socket_carries_so_many_operations_and_no_more(place: str) -> None:
    async with line(place, None) as opened:
        for number in range(4):
            await opened.say(**subscribe("{ sleep(seconds: 9) }", str(number)))
        assert (await opened.closed())[0] == 4400


@pytest.mark.parametrize(
    "text", ["{", "[]", '"x"', '{"type": "?"}', '{"type": "subscribe"}', '{"type":"subscribe","id":"1"}']
)
async def test_what_is_not_understood_closes_the_socket(place: str, text: str) -> None:
    async with line(place, None) as opened:
        await opened.connection.send(text)
        assert (await opened.closed())[0] == 4400


async def test_a_message_has_a_longest_length(place: str) -> None:
    async with line(place, None) as opened:
        await opened.say(type="ping", payload={"x": "x" * 5_000})
        assert (await opened.closed())[0] == 1009


async def test_another_subprotocol_is_not_spoken(place: str) -> None:
    async with line(place, subprotocols=["graphql-ws"]) as opened:
        assert (await opened.closed())[0] == 4406


async def test_sockets_are_opened_from_allowed_origins_only(place: str) -> None:
    async with line(place, None, origin="https://app.example.com"):
        pass
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with line(place, None, origin="https://evil.example.com"):
            pass
    assert refused.value.response.status_code == 403


async def test_the_servers_own_origin_is_always_allowed(place: str) -> None:
    async with line(place, None, origin=f"http://{place}"):
        pass


async def test_a_client_that_goes_leaves_nothing_behind(place: str, database: str) -> None:
    del database
    scope: Scope = await new_workspace()
    bearer = await bearer_of(scope)
    before = len(asyncio.all_tasks())
    async with line(place, {"authorization": f"Bearer {bearer}"}) as opened:
        await opened.say(**subscribe("subscription { toyMade(wait: 0.01) { name } }"))
        await opened.hear()
        opened.connection.transport.abort()
    for _ in range(100):
        await asyncio.sleep(0.02)
        if len(asyncio.all_tasks()) <= before:
            return
    raise AssertionError(asyncio.all_tasks())


@pytest.mark.parametrize("protocols", [OURS, PLAIN], ids=["ours", "plain"])
async def test_a_server_that_stops_asks_to_come_again(protocols: dict[str, str]) -> None:
    async with AsyncExitStack() as server:
        address = await server.enter_async_context(serving(application(toy_schema()), protocols))
        async with line(address, None) as opened:
            await opened.say(**subscribe("{ sleep(seconds: 9) }"))
            stopping = asyncio.ensure_future(server.aclose())
            assert (await opened.closed())[0] == 1012
            await stopping
