"""Stored webhooks are processed in bulk, and a bad one does not stop the others."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from models import db
from models.messaging import channels, outcomes, statuses
from models.queue import failed_webhooks, inbox
from permissions.principal import Scope
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID
from tests.kit.broadcasts import a_draft_to, a_sender, a_worker_context, counts_of, people, read_again
from tests.models.messaging.claims import claim, sending, sent
from workers import webhooks
from workers.context import WorkerContext


def inbound(scope: Scope, field: str, **value: Any) -> tuple[int, int, bytes]:
    metadata = {"metadata": {"phone_number_id": NUMBER_ID}} if field in ("messages", "user_preferences") else {}
    changes = [{"field": field, "value": {**metadata, **value}}]
    return scope.workspace_id, 1, orjson.dumps({"entry": [{"id": BUSINESS_ACCOUNT_ID, "changes": changes}]})


def status(message_id: int, name: str, reference: str | None = None) -> dict:
    at = str(int(datetime.now(UTC).timestamp()))
    return {
        "id": f"wamid.{message_id}",
        "status": name,
        "timestamp": at,
        "biz_opaque_callback_data": reference or f"muster:{message_id}",
    }


@pytest.fixture
async def context(database: str, redis_url: str):
    async with a_worker_context(redis_url) as made:
        yield made


async def sent_to(scope: Scope, count: int):
    broadcast = await sending(scope, await a_draft_to(scope, count))
    attempts = (await claim(scope, broadcast, grant=count)).attempts
    await outcomes.settle(scope.workspace_id, [sent(one) for one in attempts])
    return broadcast, [one.id for one in attempts]


async def process(context: WorkerContext, scope: Scope, *given: tuple[int, int, bytes]) -> None:
    await inbox.put(given)
    await webhooks.process_webhooks(context, scope.workspace_id)


async def test_statuses_messages_and_preferences_are_processed_together(context: WorkerContext):
    scope = await a_sender()
    broadcast, ids = await sent_to(scope, 3)
    message = {"from": "34600000001", "id": "w1", "timestamp": "1750030073", "type": "text", "text": {"body": "STOP"}}
    wish = {"wa_id": "34600000002", "value": "stop", "timestamp": 1750030073}
    await process(
        context,
        scope,
        inbound(scope, "messages", statuses=[status(ids[0], "delivered"), status(ids[1], "read")]),
        inbound(scope, "messages", messages=[message]),
        inbound(scope, "user_preferences", user_preferences=[wish]),
    )
    assert await counts_of(broadcast) == {"delivered": 1, "read": 1, "sent": 1}
    rows = await db.fetch("SELECT whatsapp_consent FROM contacts ORDER BY phone")
    assert [row["whatsapp_consent"] for row in rows] == ["OPTED_OUT", "OPTED_OUT", "OPTED_IN"]
    assert await inbox.waiting() == []


async def test_what_cannot_be_read_is_kept_and_does_not_stop_the_others(context: WorkerContext):
    scope = await a_sender()
    broadcast, ids = await sent_to(scope, 2)
    without_id = {"from": "34600000001", "timestamp": "1750030073", "type": "text", "text": {"body": "Hi"}}
    await process(
        context,
        scope,
        (scope.workspace_id, 1, b"not even JSON"),
        inbound(scope, "messages", statuses=[status(ids[0], "read")]),
        inbound(scope, "messages", messages=[without_id], statuses=[status(ids[1], "read"), 7]),
    )
    assert await counts_of(broadcast) == {"read": 2}
    kept = await failed_webhooks.newest_first(scope, 10)
    assert sorted((one["item"], one["error"], one["attempts"]) for one in kept) == [
        ("messages", "UnreadableItem", 1),
        ("statuses", "UnreadableItem", 1),
        ("webhook", "UnreadableWebhook", 1),
    ]
    assert await inbox.waiting() == []


async def test_an_item_that_postgresql_refuses_is_kept_alone_and_can_be_tried_again(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
):
    scope = await a_sender()
    broadcast, ids = await sent_to(scope, 4)
    monkeypatch.setattr(statuses, "message_of", lambda reference: int(reference.removeprefix("muster:")))
    odd = status(2**70, "read")
    given = [status(ids[0], "read"), odd, *(status(one, "read") for one in ids[1:])]
    await process(context, scope, inbound(scope, "messages", statuses=given))
    assert await counts_of(broadcast) == {"read": 4}
    (kept,) = await failed_webhooks.newest_first(scope, 10)
    assert orjson.loads(kept["body"])["entry"][0]["changes"][0]["value"]["statuses"] == [odd]
    assert await failed_webhooks.retry(scope, None) == 1
    await webhooks.process_webhooks(context, scope.workspace_id)
    (again,) = await failed_webhooks.newest_first(scope, 10)
    assert (again["attempts"], again["received_at"]) == (2, kept["received_at"])
    monkeypatch.undo()
    await failed_webhooks.retry(scope, [again["id"]])
    await webhooks.process_webhooks(context, scope.workspace_id)
    assert await failed_webhooks.totals() == (0, 0)


async def test_a_trouble_of_the_database_costs_no_item_anything(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
):
    scope = await a_sender()
    broadcast, ids = await sent_to(scope, 2)
    process_statuses, times = statuses.process, []

    async def fails_once(*given: Any) -> Any:
        times.append(given)
        if len(times) == 1:
            raise ConnectionResetError
        return await process_statuses(*given)

    monkeypatch.setattr(statuses, "process", fails_once)
    await process(context, scope, inbound(scope, "messages", statuses=[status(one, "read") for one in ids]))
    assert await counts_of(broadcast) == {"read": 2}
    assert await failed_webhooks.totals() == (0, 0)


async def test_a_character_that_cannot_be_stored_costs_nobody_a_word(context: WorkerContext):
    scope = await a_sender()
    await people(scope, 2)
    raw = inbound(
        scope,
        "messages",
        messages=[
            {"from": "34600000001", "id": "w1", "timestamp": "1750030073", "type": "text", "text": {"body": "x?y"}},
            {"from": "34600000002", "id": "w2", "timestamp": "1750030073", "type": "text", "text": {"body": "STOP"}},
        ],
    )
    for odd in (rb"\u0000", rb"\ud83d", b"\xff", b"\x00"):
        await process(context, scope, (*raw[:2], raw[2].replace(b"?", odd).replace(b"w1", b"w" + odd.hex().encode())))
    assert await failed_webhooks.totals() == (0, 0)
    texts = await db.fetch(
        "SELECT properties ->> 'text' AS text FROM activities WHERE idempotency_key <> 'whatsapp:w2'"
    )
    assert {row["text"] for row in texts} == {"x\ufffdy"}
    assert await db.fetch_value("SELECT whatsapp_consent FROM contacts WHERE phone = '+34600000002'") == "OPTED_OUT"


async def test_events_of_another_number_are_left_alone(context: WorkerContext):
    scope = await a_sender()
    broadcast, ids = await sent_to(scope, 1)
    raw = orjson.dumps(
        {
            "entry": [
                {
                    "id": "another account",
                    "changes": [
                        {
                            "field": "messages",
                            "value": {"metadata": {"phone_number_id": "another"}, "statuses": [status(ids[0], "read")]},
                        }
                    ],
                }
            ]
        }
    )
    await process(context, scope, (scope.workspace_id, 1, raw))
    assert await counts_of(broadcast) == {"sent": 1}


async def test_a_stop_that_came_before_the_channel_was_disconnected_is_heeded(context: WorkerContext):
    scope = await a_sender()
    await people(scope, 1)
    message = {"from": "34600000001", "id": "w1", "timestamp": "1750030073", "type": "text", "text": {"body": "STOP"}}
    await inbox.put([inbound(scope, "messages", messages=[message])])
    await channels.disconnect(scope)
    await webhooks.process_webhooks(context, scope.workspace_id)
    assert await db.fetch_value("SELECT whatsapp_consent FROM contacts") == "OPTED_OUT"


async def test_a_template_that_is_paused_pauses_its_broadcasts(context: WorkerContext):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    news = {"message_template_name": "greeting", "message_template_language": "en-US"}
    await process(context, scope, inbound(scope, "message_template_status_update", event="PAUSED", **news))
    paused = await read_again(broadcast)
    assert paused.status == "PAUSED"
    assert "greeting is paused" in (paused.reason or "")
    assert await db.fetch_value("SELECT status FROM message_templates WHERE name = 'greeting'") == "PAUSED"
    await process(context, scope, inbound(scope, "message_template_status_update", event="APPROVED", **news))
    assert await db.fetch_value("SELECT status FROM message_templates WHERE name = 'greeting'") == "APPROVED"


async def test_a_banned_account_pauses_everything_and_is_checked(context: WorkerContext):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    await process(
        context,
        scope,
        inbound(scope, "account_update", event="DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"}),
    )
    assert (await read_again(broadcast)).status == "PAUSED"
    assert await db.fetch_value("SELECT count(*) FROM provider_requests WHERE kind = 'CHECK'") == 1


async def test_a_thousand_statuses_are_processed_at_once_and_doubles_change_nothing(context: WorkerContext):
    scope = await a_sender()
    broadcast, ids = await sent_to(scope, 400)
    given = [
        inbound(scope, "messages", statuses=[status(one, said)])
        for one in ids
        for said in ("delivered", "read", "read")
    ]
    await process(context, scope, *given)
    assert await counts_of(broadcast) == {"read": 400}
    assert await db.fetch_value("SELECT count(*) FROM activities") == 1200
