"""Messages from people are recorded, and their stop words opt out."""

from datetime import timedelta

import pytest

from models import clock, db
from models.messaging import inbound, outcomes
from models.messaging.history import global_id
from models.messaging.provider_events import InboundEvent
from permissions.principal import Scope
from tests.kit.broadcasts import a_draft_to, a_sender, people
from tests.models.messaging.claims import claim, sending, sent

WA_ID = "34600000001"


def written(text: str | None = "Hello", *, seconds: int = 0, message_id: str = "w1", **more) -> InboundEvent:
    at = clock.now().replace(microsecond=0) + timedelta(seconds=seconds)
    return InboundEvent("number", message_id, more.pop("wa_id", WA_ID), at, more.pop("kind", "text"), text, **more)


async def process(scope: Scope, *events: InboundEvent) -> int:
    async with db.transaction():
        return await inbound.process(scope.workspace_id, events, ["STOP", "Basta"])


async def consent_of(phone: str = f"+{WA_ID}") -> str:
    return await db.fetch_value("SELECT whatsapp_consent FROM contacts WHERE phone = $1", phone)


async def test_a_message_is_recorded_once_and_moves_the_last_interaction_forward_only(database: str):
    scope = await a_sender()
    await people(scope, 2)
    late, early = written(seconds=10, message_id="w2"), written(seconds=-500)
    await process(scope, late)
    await process(scope, early, late)
    assert await db.fetch_value("SELECT last_interaction_at FROM contacts WHERE phone = $1", f"+{WA_ID}") == late.at
    rows = await db.fetch("SELECT kind, properties FROM activities")
    assert [row["kind"] for row in rows] == ["message.received"] * 2
    assert db.load_json(rows[0]["properties"]) == {"type": "text", "text": "Hello"}


async def test_an_answer_names_the_broadcast_that_it_answers(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 1))
    await outcomes.settle(scope.workspace_id, [sent(one) for one in (await claim(scope, broadcast)).attempts])
    message_id = await db.fetch_value("SELECT message_id FROM messages")
    await process(scope, written("Yes", kind="button", payload="Y", answers=message_id))
    properties = await db.fetch_value("SELECT properties FROM activities WHERE kind = 'message.received'")
    assert db.load_json(properties) == {
        "type": "button",
        "text": "Yes",
        "payload": "Y",
        "broadcastId": global_id(broadcast.id),
    }


async def test_messages_from_unknown_numbers_are_counted_and_left_alone(database: str):
    scope = await a_sender()
    await people(scope, 1)
    assert await process(scope, written(wa_id="999"), written(wa_id=None), written()) == 2


async def test_a_contact_is_found_by_its_whatsapp_id(database: str):
    scope = await a_sender()
    await people(scope, 1)
    await db.execute("INSERT INTO whatsapp_aliases VALUES ($1, '34999', $2)", scope.workspace_id, f"+{WA_ID}")
    assert await process(scope, written(wa_id="34999")) == 0


@pytest.mark.parametrize(
    ("event", "stops"),
    [
        (written("STOP"), True),
        (written(" stop. "), True),
        (written("basta"), True),
        (written("please do not stop"), False),
        (written("Stop promotions", kind="button", payload="STOP"), True),
        (written("Stop promotions", kind="button", payload="MORE"), False),
        (written(None, kind="image"), False),
    ],
)
async def test_a_stop_word_opts_out_only_as_the_whole_message(database: str, event: InboundEvent, stops: bool):
    scope = await a_sender()
    await people(scope, 2)
    await process(scope, event)
    assert (await consent_of() == "OPTED_OUT") is stops
    assert await consent_of("+34600000002") == "OPTED_IN"
