"""The payloads of subscriptions, without a transport."""

import asyncio
from typing import Any

import pytest

from permissions.capabilities import Permission
from schema.server.subscriptions.event_batch import EventBatch
from tests.kit import toys
from tests.kit.api import Api, token_with
from tests.kit.toys import toy, toy_schema
from tests.kit.workspaces import new_workspace


@pytest.fixture
def api() -> Api:
    return Api(toy_schema())


async def payloads_for(api: Api, query: str) -> list[dict[str, Any]]:
    return [payload async for payload in api.listen(None, query)]


def named(*names: str) -> list[dict[str, Any]]:
    return [{"data": {"batches": {"name": name}}} for name in names]


async def test_the_events_of_a_batch_become_payloads_in_order(api: Api) -> None:
    toys.made_batches[:] = [EventBatch([toy(1), toy(2)]), EventBatch([]), EventBatch([toy(3)])]
    assert await payloads_for(api, "subscription { batches { name } }") == named("toy 1", "toy 2", "toy 3")


async def test_batched_fields_are_fetched_once_for_a_batch_of_events(api: Api) -> None:
    toys.made_batches[:] = [EventBatch([toy(1), toy(2), toy(3)])]
    toys.calls.clear()
    payloads = await payloads_for(api, "subscription { batches(shared: true) { children(first: 1) { name } } }")
    assert [payload["data"]["batches"]["children"][0]["name"] for payload in payloads] == ["toy 10", "toy 20", "toy 30"]
    assert toys.calls == [("children", 3)]


async def test_batched_fields_are_fetched_once_for_equal_subscribers(api: Api, database: str) -> None:
    del database
    scope = await new_workspace()
    alike = [await token_with(scope, Permission.CONTACT_READ) for _ in range(2)]
    other = await token_with(scope, Permission.CONTACT_READ, Permission.SEGMENT_READ)
    query = "subscription ($n: Int!, $shared: Boolean!) { batches(shared: $shared) { children(first: $n) { name } } }"
    toys.made_batches[:] = [EventBatch([toy(1), toy(2)], shared=True)]
    toys.calls.clear()
    for bearer, number, calls in ((alike[0], 1, 1), (alike[1], 1, 1), (alike[1], 2, 2), (other, 1, 3), (None, 1, 4)):
        payloads = [event async for event in api.listen(bearer, query, n=number, shared=True)]
        assert [len(event["data"]["batches"]["children"]) for event in payloads] == [number, number]
        assert len(toys.calls) == calls


async def test_shared_payloads_come_to_the_others_when_the_first_subscriber_leaves(api: Api) -> None:
    toys.made_batches[:] = [EventBatch([toy(1)], shared=True)]
    query = "subscription { batches(shared: true) { children(first: 1) { name } } }"
    first = asyncio.ensure_future(payloads_for(api, query))
    while not toys.made_batches[0].payloads:
        await asyncio.sleep(0)
    others = [asyncio.ensure_future(payloads_for(api, query)) for _ in range(3)]
    first.cancel()
    for payloads in await asyncio.gather(*others):
        assert payloads[0]["data"]["batches"]["children"] == [{"name": "toy 10"}]


async def test_when_fetching_fails_each_event_is_executed_by_the_ordinary_executor(api: Api) -> None:
    toys.made_batches[:] = [EventBatch([toy(1), {**toy(2), "name": None}], shared=True)]
    query = "subscription { batches(shared: true) { name children(first: 1) { name } } }"
    for payloads in await asyncio.gather(*(payloads_for(api, query) for _ in range(3))):
        assert [payload["data"] is None for payload in payloads] == [False, True]


async def test_a_shared_batch_is_written_once_for_equal_subscribers(api: Api) -> None:
    toys.made_batches[:] = [EventBatch([toy(1)], shared=True)]
    for _ in range(3):
        assert await payloads_for(api, "subscription { batches(shared: true) { name } }") == named("toy 1")
    assert len(toys.made_batches[0].payloads) == 1
    assert (await payloads_for(api, "subscription { batches(shared: true) { parts } }"))[0]["data"] == {
        "batches": {"parts": 1}
    }
    assert len(toys.made_batches[0].payloads) == 2


async def test_a_wrong_event_in_a_batch_is_reported_and_the_others_are_sent(api: Api) -> None:
    toys.made_batches[:] = [EventBatch([toy(1), {**toy(2), "name": None}, toy(3)], shared=True)]
    payloads = await payloads_for(api, "subscription { batches(shared: true) { name } }")
    assert [payload["data"] for payload in payloads] == [
        {"batches": {"name": "toy 1"}},
        None,
        {"batches": {"name": "toy 3"}},
    ]
    assert payloads[1]["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_a_field_with_a_resolver_of_its_own_is_executed_by_the_ordinary_executor(api: Api) -> None:
    toys.made_batches[:] = [EventBatch([toy(1), toy(2)])]
    payloads = await payloads_for(api, "subscription { batches { slowly } }")
    assert [payload["data"]["batches"]["slowly"] for payload in payloads] == ["toy 1", "toy 2"]


async def test_a_subscription_is_written_to_the_log_when_it_ends(api: Api) -> None:
    await payloads_for(api, "subscription Counting { counting }")
    assert {name: api.lines[0][name] for name in ("type", "operation", "code")} == {
        "type": "subscription",
        "operation": "Counting",
        "code": "OK",
    }
