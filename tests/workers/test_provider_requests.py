"""Requests to the API: checks, templates and test sends."""

from datetime import timedelta

import pytest

from models import clock, db
from models.broadcasts import test_sends
from models.messaging import channels, templates
from models.messaging.channels import Connection
from models.queue import requests
from models.queue.requests import ProviderRequest, ProviderRequestKind
from permissions.principal import Scope
from sandbox.whatsapp.faults import Command, Fault
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, SECRET, VERIFY_TOKEN
from sandbox.whatsapp.server import Server
from tests.kit.broadcasts import CONNECTION, a_draft, a_draft_to, a_segment, a_sender, a_worker_context, people
from tests.kit.whatsapp import a_sandbox
from tests.kit.workspaces import new_workspace
from workers import provider_requests
from workers.context import WorkerContext


@pytest.fixture
async def server():
    async with a_sandbox() as running:
        yield running


@pytest.fixture
async def context(database: str, redis_url: str, server: Server):
    async with a_worker_context(redis_url, server.url) as made:
        yield made


async def done(context: WorkerContext, scope: Scope, kind: ProviderRequestKind) -> ProviderRequest:
    asked = await requests.ask(scope, kind)
    await provider_requests.run_request(context, scope.workspace_id, asked.id)
    return await requests.read(scope.workspace_id, asked.id)


async def test_a_number_that_answers_is_ready_with_the_limits_that_it_reports(context: WorkerContext, server: Server):
    server.sandbox.add_number(per_second=1000, limit="TIER_10K")
    scope = await new_workspace()
    await channels.connect(scope, CONNECTION)
    assert (await done(context, scope, ProviderRequestKind.CHECK)).status == "DONE"
    now = await channels.get(scope)
    assert (now.status, now.messages_per_second, now.daily_limit) == ("READY", 1000, 10_000)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Connection(NUMBER_ID, BUSINESS_ACCOUNT_ID, "a wrong token", SECRET, VERIFY_TOKEN), "190"),
        (Connection("1", BUSINESS_ACCOUNT_ID, CONNECTION.token, SECRET, VERIFY_TOKEN), "100"),
        (Connection(NUMBER_ID, "1", CONNECTION.token, SECRET, VERIFY_TOKEN), "100"),
    ],
)
async def test_a_channel_that_whatsapp_refuses_carries_its_reason(
    context: WorkerContext, given: Connection, words: str
):
    scope = await new_workspace()
    await channels.connect(scope, given)
    asked = await done(context, scope, ProviderRequestKind.CHECK)
    assert asked.status == "FAILED"
    found = await channels.find(scope)
    assert found is not None
    assert found.status == "REFUSED"
    assert words in found.reason


async def test_a_check_without_an_answer_is_made_again_within_seconds(context: WorkerContext, server: Server):
    scope = await new_workspace()
    await channels.connect(scope, CONNECTION)
    await server.go_down()
    await in_seconds(2, context)
    assert (await channels.get(scope)).status == "CHECKING"
    await server.come_up()
    assert await in_seconds(2 + 2, context) == 1
    assert (await channels.get(scope)).status == "READY"


async def test_a_check_that_is_never_answered_says_so_after_five_attempts(context: WorkerContext, server: Server):
    scope = await new_workspace()
    await channels.connect(scope, CONNECTION)
    await server.go_down()
    assert [await in_seconds(second, context) for second in (2, 3, 4, 6, 8, 10, 14, 18, 40)].count(1) == 5
    asked = await requests.read(scope.workspace_id, await db.fetch_value("SELECT id FROM provider_requests"))
    assert (asked.status, "cannot be reached" in str(asked.error)) == ("FAILED", True)
    assert (await channels.get(scope)).status == "CHECKING"


async def test_a_request_whose_run_failed_waits_for_no_lease(context: WorkerContext, monkeypatch: pytest.MonkeyPatch):
    scope = await new_workspace()
    await channels.connect(scope, CONNECTION)
    with monkeypatch.context() as broken:
        broken.setattr(channels, "checked", _fails)
        with pytest.raises(ConnectionResetError):
            await in_seconds(2, context)
    assert await in_seconds(3, context) == 1
    assert (await channels.get(scope)).status == "READY"


async def _fails(*_: object) -> bool:
    raise ConnectionResetError


async def in_seconds(seconds: float, context: WorkerContext) -> int:
    """Runs the requests that count as lost so long after the channel was connected. Returns how many they were."""
    began = await db.fetch_value("SELECT min(created_at) FROM provider_requests")
    clock.set_source(lambda: began + timedelta(seconds=seconds))
    lost = await requests.waiting(10)
    for workspace_id, request_id in lost:
        await provider_requests.run_request(context, workspace_id, request_id)
    return len(lost)


async def test_templates_are_fetched_with_all_their_pages(context: WorkerContext, server: Server):
    scope = await a_sender()
    for n in range(40):
        server.sandbox.templates.append(
            {
                "id": str(n),
                "name": f"more_{n}",
                "language": "en",
                "status": "APPROVED",
                "category": "UTILITY",
                "components": [],
            }
        )
    asked = await done(context, scope, ProviderRequestKind.SYNC_TEMPLATES)
    assert asked.result == {"templates": len(server.sandbox.templates)}
    assert len(await templates.all_of(scope)) == len(server.sandbox.templates)


async def test_a_request_is_done_once_and_can_be_cancelled_before(context: WorkerContext):
    scope = await a_sender()
    asked = await requests.ask(scope, ProviderRequestKind.SYNC_TEMPLATES)
    assert await requests.take(scope.workspace_id, asked.id) is not None
    assert await requests.take(scope.workspace_id, asked.id) is None
    assert not await requests.call_off(asked)
    other = await requests.ask(scope, ProviderRequestKind.SYNC_TEMPLATES)
    assert await requests.call_off(other)
    assert await requests.take(scope.workspace_id, other.id) is None


async def test_lost_requests_are_found_again_except_test_sends(context: WorkerContext):
    scope = await a_sender()
    lost = await requests.ask(scope, ProviderRequestKind.SYNC_TEMPLATES)
    test = await requests.ask(scope, ProviderRequestKind.TEST, {"people": []})
    await requests.take(scope.workspace_id, lost.id)
    await requests.take(scope.workspace_id, test.id)
    start = clock.now()
    clock.set_source(lambda: start + timedelta(minutes=5))
    assert await requests.waiting(10) == [(scope.workspace_id, lost.id)]
    ended = await requests.read(scope.workspace_id, test.id)
    assert (ended.status, "may have gone out" in (ended.error or "")) == ("FAILED", True)


async def test_a_number_is_looked_at_every_hour(context: WorkerContext):
    scope = await a_sender()
    assert await channels.unchecked(3600, 10) == []
    await db.execute("UPDATE whatsapp_channels SET checked_at = now() - interval '2 hours'")
    await provider_requests.look_at_channels(context)
    await provider_requests.look_at_channels(context)
    assert await db.fetch_value("SELECT count(*) FROM provider_requests") == 1
    assert scope.workspace_id


# ---------------------------------------------------------------- tests


async def test_a_test_send_reaches_only_its_contacts_and_counts_nowhere(context: WorkerContext, server: Server):
    scope = await a_sender()
    ids = await people(scope, 3)
    broadcast = await a_draft(scope, await a_segment(scope, ids[:1]))
    asked = await test_sends.ask(scope, broadcast.id, [ids[1], ids[2], ids[1]])
    await provider_requests.run_request(context, scope.workspace_id, asked.id)
    await provider_requests.run_request(context, scope.workspace_id, asked.id)
    assert (await requests.read(scope.workspace_id, asked.id)).result == {"sent": 2, "failed": []}
    assert server.sandbox.accepted == {"+34600000002": 1, "+34600000003": 1}
    assert await db.fetch_value("SELECT count(*) FROM messages") == 0
    assert await db.fetch_value("SELECT count(*) FROM whatsapp_reached") == 2, (
        "people of a test count for the account's limit"
    )


async def test_a_test_send_reports_each_failure(context: WorkerContext, server: Server):
    scope = await a_sender()
    ids = await people(scope, 2)
    server.sandbox.faults.set([Command(Fault.REFUSED, phone="+34600000002")])
    broadcast = await a_draft(scope, await a_segment(scope, []))
    asked = await test_sends.ask(scope, broadcast.id, ids)
    await provider_requests.run_request(context, scope.workspace_id, asked.id)
    result = (await requests.read(scope.workspace_id, asked.id)).result
    assert result["sent"] == 1
    assert result["failed"][0][0] == ids[1]
    assert "131026" in result["failed"][0][1]


async def test_a_test_send_keeps_the_account_s_limit(context: WorkerContext, server: Server):
    scope = await a_sender(daily_limit=1)
    broadcast = await a_draft_to(scope, 2)
    ids = [row["id"] for row in await db.fetch("SELECT id FROM contacts")]
    asked = await test_sends.ask(scope, broadcast.id, ids)
    await provider_requests.run_request(context, scope.workspace_id, asked.id)
    assert "limit" in ((await requests.read(scope.workspace_id, asked.id)).error or "")
    assert not server.sandbox.accepted
