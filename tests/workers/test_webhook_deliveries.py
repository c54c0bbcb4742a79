"""Endpoints are sent what the logs have: signed, in order, without loss."""

import asyncio
import time
from datetime import timedelta

import pytest

from models import db
from models.changelog.cursor import to_cursor
from models.changelog.members import MEMBERS
from models.changelog.read import NotInLog
from models.destinations.webhooks import endpoints, lifecycle, messages, positions, resending, rows
from models.destinations.webhooks.messages import Message, MessageOutcome, MessageSource
from models.destinations.webhooks.settings import WebhookDeliveryMode
from models.segments import segments
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.killing import Killed, killed_after
from tests.kit.logs import drop_the_log, entered, months_ago
from tests.kit.receivers import Receiver, a_receiver, closes_early, closes_in_the_middle, hangs, says
from tests.kit.segments import new_contacts, static_segment
from tests.kit.webhook_endpoints import a_webhook_worker, an_endpoint, endpoint_row, send_all
from tests.kit.workspaces import new_workspace
from workers import webhook_deliveries
from workers.context import WorkerContext
from workers.providers.webhooks.client import WebhookClient

__all__ = ["months_ago"]


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
    source = MessageSource("STEP", 7)
    for _ in range(2):
        await messages.send(scope, endpoint_id, [Message(source, {"body": {"offer": "é"}})])
    assert await messages.find_outcome(scope, source) is MessageOutcome.WAITING
    assert await messages.send(scope, other, [Message(MessageSource("STEP", 8), {})]) is MessageOutcome.SKIPPED
    await webhook_run(context, monkeypatch, scope, endpoint_id)
    assert [body["data"] for body in receiver.bodies("workflow.message")] == [{"body": {"offer": "é"}}]
    assert await messages.outcomes(scope, "STEP", [7, 8, 9]) == {
        7: MessageOutcome.DELIVERED,
        8: MessageOutcome.SKIPPED,
    }


async def webhook_run(context, monkeypatch, scope: Scope, endpoint_id: int) -> None:
    monkeypatch.setattr(webhook_deliveries, "LINGER_SECONDS", 0.0)
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


# ---------------------------------------------------------------- side by side


async def test_in_parallel_one_that_fails_or_hangs_does_not_stop_the_others(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = WebhookClient(timeout_seconds=2)  # longer than a hundred take side by side
    monkeypatch.setattr(webhook_deliveries, "shared_client", lambda _: asyncio.sleep(0, client))
    endpoint_id = await an_endpoint(scope, receiver, mode=WebhookDeliveryMode.PARALLEL, batch_size=1)
    ids = await new_contacts(scope, 100)
    await entered(scope, await static_segment(scope), *ids)
    receiver.faults.extend([hangs, says(500), closes_early, closes_in_the_middle])
    await send_all(context, monkeypatch)
    assert len(receiver.received) >= 96
    assert 500 in await waiting_statuses(endpoint_id)
    await send_all(context, monkeypatch, due_now=True)
    await client.close()
    assert {contact for _, _, contact in receiver.changes} == {to_global_id("Contact", one) for one in ids}
    assert len({webhook_id for webhook_id, _ in receiver.received}) == 100


async def waiting_statuses(endpoint_id: int) -> list[int | None]:
    rows = await db.fetch(
        "SELECT tried FROM webhook_deliveries WHERE endpoint_id = $1 AND status = 'WAITING'", endpoint_id
    )
    return [db.load_json(row["tried"])[-1]["status"] for row in rows]


async def test_who_asks_for_less_gets_nothing_until_then(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_endpoint(scope, receiver, mode=WebhookDeliveryMode.PARALLEL, batch_size=1)
    await entered(scope, await static_segment(scope), *await new_contacts(scope, 30))
    receiver.always = says(429, retry_after="60")
    await send_all(context, monkeypatch)
    asked = await db.fetch_value("SELECT count(*) FROM webhook_deliveries WHERE tried <> '[]'")
    assert asked <= 8, "the others are not sent into it"


async def test_a_test_is_sent_within_a_pause_and_does_not_end_it(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = await an_endpoint(scope, receiver, mode=WebhookDeliveryMode.PARALLEL, batch_size=1)
    await entered(scope, await static_segment(scope), *await new_contacts(scope, 30))
    receiver.always = says(429, retry_after="60")
    await send_all(context, monkeypatch)
    receiver.always, until = None, (await endpoint_row(endpoint_id))["quiet_until"]
    await resending.test(scope, endpoint_id)
    await resending.replay(scope, endpoint_id, to_cursor(MEMBERS, scope.workspace_id, 1), None)
    await entered(scope, await static_segment(scope), *await new_contacts(scope, 1))
    await webhook_run(context, monkeypatch, scope, endpoint_id)
    assert (receiver.pings, receiver.received) == (1, [])
    row = await endpoint_row(endpoint_id)
    assert (row["next_attempt_at"], row["quiet_until"]) == (until, until)
    await lifecycle.resume(scope, endpoint_id)
    await webhook_run(context, monkeypatch, scope, endpoint_id)
    assert len(receiver.changes) == 31


# ---------------------------------------------------------------- what people do


async def test_a_paused_endpoint_catches_up_when_it_is_resumed(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = await an_endpoint(scope, receiver)
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 4)
    await lifecycle.pause(scope, endpoint_id)
    await entered(scope, segment, *ids[:2])
    await webhook_run(context, monkeypatch, scope, endpoint_id)
    await resending.test(scope, endpoint_id)
    await webhook_run(context, monkeypatch, scope, endpoint_id)
    assert (receiver.pings, receiver.received) == (1, []), "a test is sent in any state"
    await lifecycle.resume(scope, endpoint_id)
    await webhook_run(context, monkeypatch, scope, endpoint_id)
    await lifecycle.pause(scope, endpoint_id)
    await entered(scope, segment, *ids[2:])
    await lifecycle.resume(scope, endpoint_id, skip_to_now=True)
    await webhook_run(context, monkeypatch, scope, endpoint_id)
    assert [contact for _, _, contact in receiver.changes] == [to_global_id("Contact", one) for one in ids[:2]]


async def test_a_replay_and_a_resend_are_marked_and_move_nothing(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = await an_endpoint(scope, receiver, "membership.changes", "segment.updated", batch_size=3)
    segment = await static_segment(scope)
    await entered(scope, segment, *await new_contacts(scope, 7))
    await segments.update(scope, segment.id, {"name": "New"})
    await send_all(context, monkeypatch)
    live, cursor = list(receiver.received), await positions.delivered_up_to(scope, endpoint_id)
    await resending.replay(scope, endpoint_id, to_cursor(MEMBERS, scope.workspace_id, 2), None)
    await entered(scope, segment, *await new_contacts(scope, 1))
    await send_all(context, monkeypatch)
    replayed = [body for _, body in receiver.received if body.get("replay")]
    cursors = [one["cursor"] for body in replayed for one in body["data"].get("changes", ())]
    assert cursors == [to_cursor(MEMBERS, scope.workspace_id, position) for position in range(3, 8)]
    assert [body["type"] for body in replayed].count("segment.updated") == 1
    assert len({webhook_id for webhook_id, _ in receiver.received}) == len(receiver.received)
    assert (await positions.delivered_up_to(scope, endpoint_id)).members == cursor.members + 1
    assert (await endpoint_row(endpoint_id))["replays"] == 0
    first = await db.fetch_value("SELECT min(id) FROM webhook_deliveries")
    await resending.resend(scope, first)
    await send_all(context, monkeypatch)
    assert receiver.received[-1][1] == {**live[0][1], "replay": True}
    with pytest.raises(NotInLog):
        await resending.replay(scope, endpoint_id, to_cursor(MEMBERS, scope.workspace_id, 99), None)


async def test_both_secrets_sign_and_headers_of_its_own_are_sent(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = await an_endpoint(scope, receiver, headers={"Authorization": "Bearer theirs"})
    first = receiver.secret
    segment = await static_segment(scope)
    _, second = await lifecycle.rotate_secret(scope, endpoint_id, timedelta(hours=1))
    for receiver.secret in (first, second):
        await entered(scope, segment, *await new_contacts(scope, 1))
        await send_all(context, monkeypatch)
    assert (len(receiver.received), receiver.refused) == (2, 0)
    assert {headers["Authorization"] for headers in receiver.headers} == {"Bearer theirs"}


async def test_a_cursor_that_fell_out_of_the_log_disables_with_the_reason(
    months_ago: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = await an_endpoint(months_ago, receiver, batch_size=1)
    segment = await static_segment(months_ago)
    receiver.faults.append(says(500))
    await entered(months_ago, segment, *await new_contacts(months_ago, 2))
    await send_all(context, monkeypatch)
    await drop_the_log()
    await entered(months_ago, segment, *await new_contacts(months_ago, 1))
    await send_all(context, monkeypatch, due_now=True)
    row = await endpoint_row(endpoint_id)
    assert row["status"] == "DISABLED"
    assert "no longer in the log: it is kept from" in row["reason"]
    assert receiver.received == []


async def test_a_pace_is_kept(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_endpoint(scope, receiver, batch_size=1, requests_per_second=20.0)
    await entered(scope, await static_segment(scope), *await new_contacts(scope, 7))
    began = time.monotonic()
    await send_all(context, monkeypatch)
    assert len(receiver.received) == 7
    assert time.monotonic() - began >= 6 / 20


async def test_a_worker_that_is_killed_before_any_statement_sends_each_change_once_by_id(
    scope: Scope, receiver: Receiver, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_endpoint(scope, receiver, batch_size=2)
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 40)
    for statements, contact_id in enumerate(ids):
        await entered(scope, segment, contact_id)
        try:
            with killed_after(statements % 12):
                await send_all(context, monkeypatch)
        except Killed:
            await db.execute("UPDATE webhook_endpoints SET leased_until = now() WHERE leased_until IS NOT NULL")
    await send_all(context, monkeypatch)
    assert [contact for _, _, contact in receiver.changes] == [to_global_id("Contact", one) for one in ids]
