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
async def place() -> AsyncIterator[str]:
    async with serving(application(toy_schema(), recheck_seconds=0.2)) as address:
        yield f"http://{address}/graphql"


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def lines_of(response: aiohttp.ClientResponse) -> list[str]:
    """What was sent to the end, without comments and blank lines."""
    text = (await asyncio.wait_for(response.read(), 5)).decode()
    return [line for line in text.splitlines() if line and not line.startswith(":")]


async def test_one_request_carries_one_operation_to_its_end(place: str, client: aiohttp.ClientSession) -> None:
    async with client.post(place, json={"query": "subscription { counting(to: 2) }"}, headers=EVENTS) as response:
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


async def test_a_burst_comes_as_single_events_whole_and_in_order(place: str, client: aiohttp.ClientSession) -> None:
    words = ["short", "ähm 🙂" * 30, "y" * 70_000]
    toys.made_bursts[:] = [
        EventBatch([{**toy(n), "name": word} for n, word in enumerate(words)]),
        EventBatch([]),
        EventBatch([toy(9)]),
    ]
    query = "subscription { batches { name } }"
    async with client.post(place, json={"query": query}, headers=EVENTS) as response:
        said = await lines_of(response)
    heard = [json.loads(line.removeprefix("data: "))["data"]["batches"]["name"] for line in said[1:-2:2]]
    assert heard == [*words, "toy 9"]
    token = await reserve(place, client)
    async with client.get(place, headers={**EVENTS, **token}) as stream:
        assert await operate(place, client, token, query, "mine") == 202
        text = await asyncio.wait_for(stream.content.readuntil(b'event: complete\ndata: {"id":"mine"}'), 5)
    messages = [json.loads(line.removeprefix("data: ")) for line in text.decode().splitlines() if '"payload"' in line]
    assert [message["payload"]["data"]["batches"]["name"] for message in messages] == heard
    assert {message["id"] for message in messages} == {"mine"}


async def test_a_subscription_can_be_sent_in_the_url_and_a_mutation_cannot(
    place: str, client: aiohttp.ClientSession
) -> None:
    async with client.get(place, params={"query": "subscription { counting(to: 1) }"}, headers=EVENTS) as response:
        assert "event: complete" in await lines_of(response)
    query = "mutation { toyMake(number: 1) { toy { id } } }"
    async with client.get(place, params={"query": query}, headers=EVENTS) as response:
        assert "BAD_REQUEST" in (await lines_of(response))[1]


async def test_what_is_wrong_with_the_document_comes_as_an_event(place: str, client: aiohttp.ClientSession) -> None:
    async with client.post(place, json={"query": "subscription { nothing }"}, headers=EVENTS) as response:
        said = await lines_of(response)
    assert (said[0], said[2]) == ("event: next", "event: complete")
    assert "BAD_REQUEST" in said[1]


async def test_a_token_that_is_not_good_is_refused(place: str, client: aiohttp.ClientSession, database: str) -> None:
    del database
    headers = {**EVENTS, "authorization": "Bearer nonsense"}
    async with client.post(place, json={"query": "subscription { counting }"}, headers=headers) as response:
        assert response.status == 401


async def test_a_revoked_token_ends_its_streams(place: str, client: aiohttp.ClientSession, database: str) -> None:
    del database
    scope = await new_workspace()
    headers = {**EVENTS, "authorization": f"Bearer {await token_with(scope, Permission.CONTACT_READ)}"}
    query = {"query": "subscription { toyMade(wait: 0.05) { name } }"}
    async with client.post(place, json=query, headers=headers) as response:
        await response.content.readuntil(b"toy 1")
        await api_tokens.revoke(scope, 1)
        said = await lines_of(response)
    assert said[-2:] == ["event: complete", "data: "]
    assert '"code":"UNAUTHENTICATED"' in said[-3]


# ---------------------------------------------------------------- the single connection


async def reserve(place: str, client: aiohttp.ClientSession) -> dict[str, str]:
    async with client.put(place) as response:
        assert response.status == 201
        return {"x-graphql-event-stream-token": await response.text()}


async def operate(place: str, client: aiohttp.ClientSession, token: dict[str, str], query: str, number: Any) -> int:
    body = {"query": query, "extensions": {"operationId": number}}
    async with client.post(place, json=body, headers=token) as response:
        return response.status


async def test_operations_share_a_stream_and_can_be_stopped_one_by_one(
    place: str, client: aiohttp.ClientSession
) -> None:
    token = await reserve(place, client)
    async with client.get(place, headers={**EVENTS, **token}) as stream:
        assert await operate(place, client, token, "{ sleep(seconds: 9) }", "slow") == 202
        assert await operate(place, client, token, "{ sleep(seconds: 9) }", "slow") == 409
        assert await operate(place, client, token, "subscription { counting(to: 1) }", "quick") == 202
        await stream.content.readuntil(b'{"id":"quick","payload":{"data":{"counting":1}}}')
        await stream.content.readuntil(b'event: complete\ndata: {"id":"quick"}')
        async with client.delete(place, params={"operationId": "slow"}, headers=token) as response:
            assert response.status == 200
        await asyncio.sleep(0.05)
        assert await operate(place, client, token, "{ __typename }", "slow") == 202
        await stream.content.readuntil(b'event: complete\ndata: {"id":"slow"}')


async def test_a_stream_has_one_listener(place: str, client: aiohttp.ClientSession) -> None:
    token = await reserve(place, client)
    async with client.get(place, headers={**EVENTS, **token}), client.get(place, headers={**EVENTS, **token}) as second:
        assert second.status == 409


async def test_a_stream_that_nobody_reserved_does_not_exist(place: str, client: aiohttp.ClientSession) -> None:
    token = {"x-graphql-event-stream-token": "made-up"}
    async with client.get(place, headers={**EVENTS, **token}) as response:
        assert response.status == 400
    assert await operate(place, client, token, "{ __typename }", "1") == 400


@pytest.mark.parametrize("number", [None, "", 7])
async def test_an_operation_of_a_stream_needs_an_id(place: str, client: aiohttp.ClientSession, number: Any) -> None:
    assert await operate(place, client, await reserve(place, client), "{ __typename }", number) == 400
