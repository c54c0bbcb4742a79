"""In order: one request at a time, while the next one is made and what became of the last ones is written."""

import asyncio

import pytest
from aiohttp import web

from models import db
from models.contacts.update import update_contact
from models.destinations.webhooks import bodies, lifecycle
from models.destinations.webhooks.bodies import Delivery, Entries
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.killing import Killed, killed_after
from tests.kit.logs import entered
from tests.kit.receivers import Receiver, a_receiver, says
from tests.kit.segments import many_contacts, new_contacts, static_segment
from tests.kit.webhook_endpoints import a_webhook_worker, an_endpoint, endpoint_row, send_all
from tests.kit.workspaces import new_workspace
from workers import webhook_outcomes, webhook_requests
from workers.context import WorkerContext

LONG = 120
"""Requests: more than are planned at a time."""


class Careful(Receiver):
    """Notices requests beside one another."""

    beside = 0
    most_beside = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.beside += 1
        self.most_beside = max(self.most_beside, self.beside)
        await asyncio.sleep(0)
        try:
            return await super().answer(request)
        finally:
            self.beside -= 1


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def receiver():
    async with a_receiver(Careful()) as listening:
        yield listening


@pytest.fixture
async def context(redis_url: str):
    async with a_webhook_worker(redis_url) as made:
        yield made


async def a_long_log(scope: Scope) -> list[str]:
    await many_contacts(scope, LONG)
    ids = [row["id"] for row in await db.fetch("SELECT id FROM contacts ORDER BY id")]
    await entered(scope, await static_segment(scope), *ids)
    return [to_global_id("Contact", one) for one in ids]


async def test_a_long_log_comes_one_by_one_whatever_is_made_and_written_meanwhile(
    scope: Scope, receiver: Careful, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_outcomes, "RECORD_SECONDS", 0.0)
    await an_endpoint(scope, receiver, batch_size=1)
    expected = await a_long_log(scope)
    await send_all(context, monkeypatch)
    assert [contact for _, _, contact in receiver.changes] == expected
    assert (len(receiver.received), receiver.most_beside) == (LONG, 1)
    assert await db.fetch_value("SELECT count(*) FROM webhook_deliveries WHERE status = 'DELIVERED'") == LONG


async def test_a_failure_stops_a_long_log_where_it_is(
    scope: Scope, receiver: Careful, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = await an_endpoint(scope, receiver, batch_size=1)
    expected = await a_long_log(scope)

    async def fails_after_40(request: web.Request) -> web.StreamResponse:
        if len(receiver.received) < 40:
            receiver.always = None
            answer = await receiver.answer(request)
            receiver.always = fails_after_40
            return answer
        return await says(500)(request)

    receiver.always = fails_after_40
    await send_all(context, monkeypatch)
    assert ((await endpoint_row(endpoint_id))["status"], len(receiver.received)) == ("BACKING_OFF", 40)
    receiver.always = None
    await send_all(context, monkeypatch, due_now=True)
    assert [contact for _, _, contact in receiver.changes] == expected
    assert len(receiver.received) == LONG, "what was delivered does not come again"


async def test_a_worker_that_is_killed_in_a_long_log_sends_each_change_once_by_id(
    scope: Scope, receiver: Careful, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_outcomes, "RECORD_SECONDS", 0.01)
    await an_endpoint(scope, receiver, batch_size=1)
    expected = await a_long_log(scope)
    for statements in range(2, 20, 2):
        try:
            with killed_after(statements):
                await send_all(context, monkeypatch)
        except Killed:
            await db.execute("UPDATE webhook_endpoints SET leased_until = now() WHERE leased_until IS NOT NULL")
    await send_all(context, monkeypatch)
    assert [contact for _, _, contact in receiver.changes] == expected
    assert len(dict.fromkeys(webhook_id for webhook_id, _ in receiver.received)) == LONG
    assert receiver.most_beside == 1


async def test_a_pause_is_heeded_within_a_long_log(
    scope: Scope, receiver: Careful, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_outcomes, "RECORD_SECONDS", 0.0)
    endpoint_id = await an_endpoint(scope, receiver, batch_size=1)
    expected = await a_long_log(scope)

    async def pauses(_: web.Request) -> web.StreamResponse:
        await lifecycle.pause(scope, endpoint_id)
        return web.Response(status=200)

    receiver.faults.append(pauses)
    await send_all(context, monkeypatch)
    assert len(receiver.received) < 20
    assert (await endpoint_row(endpoint_id))["status"] == "PAUSED"
    await lifecycle.resume(scope, endpoint_id)
    await send_all(context, monkeypatch)
    assert [contact for _, _, contact in receiver.changes][-1] == expected[-1]


async def test_contacts_are_as_they_are_when_a_request_is_sent(
    scope: Scope, receiver: Careful, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_requests, "FRESH_SECONDS", 0.0)
    await an_endpoint(scope, receiver, batch_size=1, include_contacts=True)
    ids = await new_contacts(scope, 2, email=None)
    await entered(scope, await static_segment(scope), *ids)

    async def renames(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.1)  # the next body is made by now
        await update_contact(scope, ids[1], {"name": "New"})
        return web.Response(status=200)

    receiver.faults.append(renames)
    await send_all(context, monkeypatch)
    assert [body["data"]["changes"][0]["contact"]["name"] for _, body in receiver.received] == ["New"]


async def test_the_next_body_is_made_while_one_is_under_way(
    scope: Scope, receiver: Careful, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, made, both_made = bodies.body_of, [], asyncio.Event()

    async def noted(scope: Scope, delivery: Delivery, entries: Entries, *, with_contacts: bool) -> bytes:
        made.append(delivery.id)
        if len(made) == 2:
            both_made.set()
        return await make(scope, delivery, entries, with_contacts=with_contacts)

    async def waits(_: web.Request) -> web.StreamResponse:
        await asyncio.wait_for(both_made.wait(), 10)
        return web.Response(status=200)

    monkeypatch.setattr(bodies, "body_of", noted)
    await an_endpoint(scope, receiver, batch_size=1)
    await entered(scope, await static_segment(scope), *await new_contacts(scope, 2))
    receiver.faults.append(waits)
    await send_all(context, monkeypatch)
    assert (len(made), len(receiver.received)) == (2, 1)
