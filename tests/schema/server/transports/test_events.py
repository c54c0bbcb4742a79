"""Server-sent events, request by request."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from models.accounts import api_tokens
from permissions.capabilities import Permission
from schema.server.subscriptions.event_batch import EventBatch
from tests.kit import toys
from tests.kit.api import application, serving, token_with
from tests.kit.toys import toy, toy_schema
from tests.kit.workspaces import new_workspace

EVENTS = {"accept": "text/event-stream"}


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    async with serving(application(toy_schema(), recheck_seconds=0.2)) as server:
        yield f"http://{server}/graphql"


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def lines_of(response: aiohttp.ClientResponse) -> list[str]:
    """What was sent to the end, without comments and blank lines."""
    text = (await asyncio.wait_for(response.read(), 5)).decode()
    return [line for line in text.splitlines() if line and not line.startswith(":")]


async def test_one_request_carries_one_operation_to_its_end(address: str, client: aiohttp.ClientSession) -> None:
    async with client.post(address, json={"query": "subscription { counting(to: 2) }"}, headers=EVENTS) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert await lines_of(response) == [
            "event: next",
            'data: {"data":{"counting":1}}',
            "event: next",
            'data: {"data":{"counting":2}}',
            "event: complete",
            "data: ",
        ]


async def test_a_batch_comes_as_single_events_in_order(address: str, client: aiohttp.ClientSession) -> None:
    words = ["short", "ähm 🙂" * 30, "y" * 70_000]
    toys.made_batches[:] = [
        EventBatch([{**toy(n), "name": word} for n, word in enumerate(words)]),
        EventBatch([]),
        EventBatch([toy(9)]),
    ]
    query = "subscription { batches { name } }"
    async with client.post(address, json={"query": query}, headers=EVENTS) as response:
        events = await lines_of(response)
    heard = [json.loads(line.removeprefix("data: "))["data"]["batches"]["name"] for line in events[1:-2:2]]
    assert heard == [*words, "toy 9"]
    token = await reserve(address, client)
    async with client.get(address, headers={**EVENTS, **token}) as stream:
        assert await operate(address, client, token, query, "mine") == 202
        text = await asyncio.wait_for(stream.content.readuntil(b'event: complete\ndata: {"id":"mine"}'), 5)
    messages = [json.loads(line.removeprefix("data: ")) for line in text.decode().splitlines() if '"payload"' in line]
    assert [message["payload"]["data"]["batches"]["name"] for message in messages] == heard
    assert {message["id"] for message in messages} == {"mine"}


async def test_a_subscription_can_be_sent_in_the_url_and_a_mutation_cannot(
    address: str, client: aiohttp.ClientSession
) -> None:
    async with client.get(address, params={"query": "subscription { counting(to: 1) }"}, headers=EVENTS) as response:
        assert "event: complete" in await lines_of(response)
    query = "mutation { toyMake(number: 1) { toy { id } } }"
    async with client.get(address, params={"query": query}, headers=EVENTS) as response:
        assert "BAD_REQUEST" in (await lines_of(response))[1]


async def test_what_is_wrong_with_the_document_comes_as_an_event(address: str, client: aiohttp.ClientSession) -> None:
    async with client.post(address, json={"query": "subscription { nothing }"}, headers=EVENTS) as response:
        events = await lines_of(response)
    assert (events[0], events[2]) == ("event: next", "event: complete")
    assert "BAD_REQUEST" in events[1]


async def test_a_token_that_is_not_good_is_refused(address: str, client: aiohttp.ClientSession, database: str) -> None:
    del database
    headers = {**EVENTS, "authorization": "Bearer nonsense"}
    async with client.post(address, json={"query": "subscription { counting }"}, headers=headers) as response:
        assert response.status == 401


async def test_a_revoked_token_ends_its_streams(address: str, client: aiohttp.ClientSession, database: str) -> None:
    del database
    scope = await new_workspace()
    headers = {**EVENTS, "authorization": f"Bearer {await token_with(scope, Permission.CONTACT_READ)}"}
    query = {"query": "subscription { toyMade(wait: 0.05) { name } }"}
    async with client.post(address, json=query, headers=headers) as response:
        await response.content.readuntil(b"toy 1")
        await api_tokens.revoke(scope, 1)
        events = await lines_of(response)
    assert events[-2:] == ["event: complete", "data: "]
    assert '"code":"UNAUTHENTICATED"' in events[-3]


# ---------------------------------------------------------------- the single connection


async def reserve(address: str, client: aiohttp.ClientSession) -> dict[str, str]:
    async with client.put(address) as response:
        assert response.status == 201
        return {"x-graphql-event-stream-token": await response.text()}


async def operate(address: str, client: aiohttp.ClientSession, token: dict[str, str], query: str, number: Any) -> int:
    body = {"query": query, "extensions": {"operationId": number}}
    async with client.post(address, json=body, headers=token) as response:
        return response.status


async def test_operations_share_a_stream_and_can_be_stopped_one_by_one(
    address: str, client: aiohttp.ClientSession
) -> None:
    token = await reserve(address, client)
    async with client.get(address, headers={**EVENTS, **token}) as stream:
        assert await operate(address, client, token, "{ sleep(seconds: 9) }", "slow") == 202
        assert await operate(address, client, token, "{ sleep(seconds: 9) }", "slow") == 409
        assert await operate(address, client, token, "subscription { counting(to: 1) }", "quick") == 202
        await stream.content.readuntil(b'{"id":"quick","payload":{"data":{"counting":1}}}')
        await stream.content.readuntil(b'event: complete\ndata: {"id":"quick"}')
        async with client.delete(address, params={"operationId": "slow"}, headers=token) as response:
            assert response.status == 200
        await asyncio.sleep(0.05)
        assert await operate(address, client, token, "{ __typename }", "slow") == 202
        await stream.content.readuntil(b'event: complete\ndata: {"id":"slow"}')


async def test_a_stream_has_one_listener(address: str, client: aiohttp.ClientSession) -> None:
    token = await reserve(address, client)
    async with (
        client.get(address, headers={**EVENTS, **token}),
        client.get(address, headers={**EVENTS, **token}) as second,
    ):
        assert second.status == 409


async def test_a_stream_that_nobody_reserved_does_not_exist(address: str, client: aiohttp.ClientSession) -> None:
    token = {"x-graphql-event-stream-token": "made-up"}
    async with client.get(address, headers={**EVENTS, **token}) as response:
        assert response.status == 400
    assert await operate(address, client, token, "{ __typename }", "1") == 400


@pytest.mark.parametrize("number", [None, "", 7])
async def test_an_operation_of_a_stream_needs_an_id(address: str, client: aiohttp.ClientSession, number: Any) -> None:
    assert await operate(address, client, await reserve(address, client), "{ __typename }", number) == 400
