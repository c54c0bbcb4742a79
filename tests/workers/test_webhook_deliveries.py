"""Endpoints are sent what the logs have: signed, in order, without loss."""

import pytest

from models import db
from models.changelog.cursor import to_cursor
from models.changelog.members import MEMBERS
from models.destinations.webhooks import endpoints, messages, rows
from models.destinations.webhooks.messages import MessageOutcome, MessageSource
from models.segments import segments
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.logs import entered
from tests.kit.receivers import Receiver, a_receiver, says
from tests.kit.segments import new_contacts, static_segment
from tests.kit.webhook_endpoints import a_webhook_worker, an_endpoint, endpoint_row, send_all
from tests.kit.workspaces import new_workspace
from workers import webhook_deliveries, webhook_sending
from workers.context import WorkerContext


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def receiver():
    async with a_receiver() as listening:
        yield listening


@pytest.fixture
async def context(redis_url: str):
    async with a_webhook_worker(redis_url) as made:
        yield made


async def test_changes_come_signed_and_in_order(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = await an_endpoint(scope, receiver, batch_size=2)
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 5)
    await entered(scope, segment, *ids)
    await send_all(context, monkeypatch)
    assert [len(body["data"]["changes"]) for _, body in receiver.received] == [2, 2, 1]
    assert [contact for _, _, contact in receiver.changes] == [to_global_id("Contact", one) for one in ids]
    assert receiver.received[-1][1]["data"]["cursor"] == to_cursor(MEMBERS, scope.workspace_id, 5)
    assert (await endpoint_row(endpoint_id))["status"] == "ACTIVE"
    shown = await rows.deliveries_newest_first(scope, [endpoint_id], 10)
    assert [row["status"] for row in shown[endpoint_id]] == ["DELIVERED"] * 3


async def test_a_ping_proves_an_endpoint(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = await an_endpoint(scope, receiver, proved=False)
    receiver.faults.append(says(500))
    await send_all(context, monkeypatch)
    row = await endpoint_row(endpoint_id)
    assert (row["status"], row["reason"]) == (
        "CHECKING",
        "Its ping was not answered with 2xx yet. It answered with HTTP 500.",
    )
    await send_all(context, monkeypatch)
    assert receiver.pings == 0, "not before it is due"
    await send_all(context, monkeypatch, due_now=True)
    assert ((await endpoint_row(endpoint_id))["status"], receiver.pings) == ("ACTIVE", 1)


async def test_a_failure_keeps_the_order_and_the_id(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = await an_endpoint(scope, receiver, batch_size=1)
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 3)
    await entered(scope, segment, *ids)
    receiver.faults.extend([says(302, location="http://127.0.0.1:1/"), says(500)])
    await send_all(context, monkeypatch)
    row = await endpoint_row(endpoint_id)
    assert (row["status"], row["reason"]) == ("BACKING_OFF", "It answered with HTTP 302.")
    assert not receiver.received
    await send_all(context, monkeypatch, due_now=True)
    assert (await endpoint_row(endpoint_id))["reason"] == "It answered with HTTP 500."
    await send_all(context, monkeypatch, due_now=True)
    assert [contact for _, _, contact in receiver.changes] == [to_global_id("Contact", one) for one in ids]
    assert (await endpoint_row(endpoint_id))["status"] == "ACTIVE"
    first = (await rows.deliveries_newest_first(scope, [endpoint_id], 10))[endpoint_id][-1]
    assert [one["status"] for one in db.load_json(first["tried"])] == [302, 500, 200]
    assert receiver.received[0][0] == to_global_id("WebhookDelivery", first["id"])


async def test_a_message_of_another_part_has_its_outcome(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = await an_endpoint(scope, receiver, "workflow.message")
    other = await an_endpoint(scope, Receiver(url=receiver.url), "job.finished")
    source = MessageSource("WORKFLOW_STEP", 7)
    for _ in range(2):
        await messages.send(scope, endpoint_id, source, {"body": {"offer": "é"}})
    assert await messages.find_outcome(scope, source) is MessageOutcome.WAITING
    assert await messages.send(scope, other, MessageSource("WORKFLOW_STEP", 8), {}) is MessageOutcome.SKIPPED
    await webhook_run(context, monkeypatch, scope, endpoint_id)
    assert [body["data"] for body in receiver.bodies("workflow.message")] == [{"body": {"offer": "é"}}]
    assert await messages.outcomes(scope, "WORKFLOW_STEP", [7, 8, 9]) == {
        7: MessageOutcome.DELIVERED,
        8: MessageOutcome.SKIPPED,
    }


async def webhook_run(context, monkeypatch, scope: Scope, endpoint_id: int) -> None:
    monkeypatch.setattr(webhook_sending, "LINGER_SECONDS", 0.0)
    await webhook_deliveries.send_webhooks(context, scope.workspace_id, endpoint_id)


async def test_other_events_come_in_between_and_segments_filter(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, other = await static_segment(scope), await static_segment(scope, name="Other")
    endpoint_id = await an_endpoint(
        scope, receiver, "membership.changes", "segment.updated", segment_ids=(wanted.id,), include_contacts=True
    )
    ids = await new_contacts(scope, 2, email=None)
    await entered(scope, other, *ids)
    await entered(scope, wanted, ids[0])
    for one in (wanted, other):
        await segments.update(scope, one.id, {"name": f"New name of {one.id}"})
    await entered(scope, wanted, ids[1])
    await send_all(context, monkeypatch)
    kinds = [body["type"] for _, body in receiver.received]
    assert kinds == ["membership.changes", "segment.updated", "membership.changes"]
    assert receiver.received[0][1]["data"]["changes"][0]["contact"]["id"] == to_global_id("Contact", ids[0])
    assert receiver.bodies("segment.updated")[0]["data"]["name"] == f"New name of {wanted.id}"
    await endpoints.delete(scope, endpoint_id)
    assert await db.fetch_value("SELECT count(*) FROM webhook_deliveries") == 0
    assert await db.fetch_value("SELECT count(*) FROM changelog_readers") == 0
