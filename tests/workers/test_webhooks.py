"""Stored webhooks are processed in bulk, and a bad one does not stop the others."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from models import db
from models.messaging import outcomes
from models.queue import inbox
from permissions.principal import Scope
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID
from tests.kit.broadcasts import a_draft_to, a_sender, a_worker_context, counts_of, read_again
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


async def test_an_unreadable_webhook_does_not_stop_the_others(context: WorkerContext, monkeypatch: pytest.MonkeyPatch):
    scope = await a_sender()
    broadcast, ids = await sent_to(scope, 2)
    parse = webhooks.webhook.parse
    monkeypatch.setattr(
        webhooks.webhook, "parse", lambda envelope: 1 / 0 if "poison" in str(envelope) else parse(envelope)
    )
    await process(
        context,
        scope,
        (scope.workspace_id, 1, b"not even JSON"),
        inbound(scope, "messages", statuses=[status(ids[0], "read")]),
        inbound(scope, "messages", poison=True),
        inbound(scope, "messages", statuses=[status(ids[1], "read")]),
    )
    assert await counts_of(broadcast) == {"read": 2}
    assert await inbox.unreadable() == 1
    assert await inbox.waiting() == []


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
