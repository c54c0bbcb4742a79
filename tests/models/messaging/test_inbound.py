"""Messages from people are recorded, and their stop words opt out."""

from datetime import timedelta

import pytest

from models import clock, db
from models.contacts.create import create_contact
from models.messaging import inbound, outcomes
from models.messaging.provider_events import InboundEvent, Sender
from models.values.global_ids import to_global_id
from permissions.principal import Scope
from tests.kit.broadcasts import a_draft_to, a_sender, people
from tests.models.messaging.claims import claim, sending, sent

WA_ID = "34600000001"


def written(text: str | None = "Hello", *, seconds: int = 0, message_id: str = "w1", **more) -> InboundEvent:
    at = clock.now().replace(microsecond=0) + timedelta(seconds=seconds)
    sender = Sender(more.pop("wa_id", WA_ID), more.pop("user_id", None), more.pop("name", None))
    return InboundEvent("number", message_id, sender, at, more.pop("kind", "text"), text, **more)


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
        "broadcastId": to_global_id("Broadcast", broadcast.id),
    }


async def test_messages_from_unknown_numbers_are_counted_and_left_alone(database: str):
    scope = await a_sender()
    await people(scope, 1)
    assert await process(scope, written(wa_id="999"), written(wa_id=None, user_id="US.9"), written()) == 2
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 1


async def test_a_contact_is_found_by_its_whatsapp_id(database: str):
    scope = await a_sender()
    await people(scope, 1)
    await db.execute("INSERT INTO whatsapp_aliases VALUES ($1, '34999', $2)", scope.workspace_id, f"+{WA_ID}")
    assert await process(scope, written(wa_id="34999")) == 0


@pytest.mark.parametrize(
    ("phone", "wa_id"),
    [
        ("+5511976500001", "551176500001"),
        ("+551176500001", "5511976500001"),
        ("+525512341001", "5215512341001"),
        ("+541123456789", "5491123456789"),
    ],
)
async def test_stop_from_the_other_spelling_of_a_number_is_heeded(database: str, phone: str, wa_id: str):
    scope = await a_sender()
    await people(scope, 1)
    await db.execute("UPDATE contacts SET phone = $1", phone)
    assert await process(scope, written("STOP", wa_id=wa_id)) == 0
    assert await consent_of(phone) == "OPTED_OUT"


@pytest.mark.parametrize(
    ("event", "stops"),
    [
        (written("STOP"), True),
        (written(" stop. "), True),
        (written("basta"), True),
        (written("please do not stop"), False),
        (written("Fewer offers", kind="button", payload="STOP"), True),
        (written("Fewer offers", kind="button", payload="MORE"), False),
        (written("Stop", kind="edit", details={"messageId": "w"}), True),
        (written("STOP 🙏"), True),
        (written(None, kind="image"), False),
    ],
)
async def test_a_stop_word_opts_out_only_as_the_whole_message(database: str, event: InboundEvent, stops: bool):
    scope = await a_sender()
    await people(scope, 2)
    await process(scope, event)
    assert (await consent_of() == "OPTED_OUT") is stops
    assert await consent_of("+34600000002") == "OPTED_IN"


async def test_a_person_s_own_start_undoes_the_own_stop_and_the_last_wish_counts(database: str):
    scope = await a_sender()
    await people(scope, 1)
    await process(scope, written("STOP"))
    assert await consent_of() == "OPTED_OUT"
    await process(scope, written("START", seconds=10, message_id="w2"))
    assert await consent_of() == "OPTED_IN"
    await process(scope, written("START", seconds=30, message_id="w4"), written("STOP", seconds=20, message_id="w3"))
    assert await consent_of() == "OPTED_IN"
    await process(scope, written("START", seconds=40, message_id="w5"), written("STOP", seconds=50, message_id="w6"))
    assert await consent_of() == "OPTED_OUT"


async def test_a_start_undoes_no_opt_out_that_was_entered_here(database: str):
    scope = await a_sender()
    await people(scope, 1)
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT'")
    await process(scope, written("START"))
    assert await consent_of() == "OPTED_OUT"


async def test_only_what_a_person_says_moves_the_last_interaction(database: str):
    scope = await a_sender()
    await people(scope, 1)
    await process(
        scope,
        written(None, kind="revoke", message_id="w1"),
        written(None, kind="unsupported", message_id="w2"),
        written(None, kind="system", message_id="w3", new_wa_id="34999"),
        written(None, kind="reaction", message_id="w4"),
    )
    assert await db.fetch_value("SELECT last_interaction_at FROM contacts") is None
    await process(scope, written(None, kind="reaction", message_id="w5", wa_id="34999", details={"emoji": "👍"}))
    assert await db.fetch_value("SELECT last_interaction_at FROM contacts") is not None
    kinds = await db.fetch("SELECT kind FROM activities ORDER BY idempotency_key")
    assert [row["kind"] for row in kinds] == [
        "message.revoked",
        "message.unsupported",
        "contact.number_changed",
        "message.reacted",
        "message.reacted",
    ]


async def test_a_stop_of_a_person_without_a_number_is_heeded_by_what_was_said_together(database: str):
    scope = await a_sender()
    await people(scope, 1)
    await process(scope, written("Hello", user_id="ES.1"))
    await process(scope, written("STOP", wa_id=None, user_id="ES.1", message_id="w2"))
    assert await consent_of() == "OPTED_OUT"


async def test_a_stop_by_the_id_of_a_number_that_no_contact_has_is_heeded_once_one_has_it(database: str):
    scope = await a_sender()
    await process(scope, written("Hello", user_id="ES.1"))
    await process(scope, written("STOP", wa_id=None, user_id="ES.1", message_id="w2"))
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 0
    await create_contact(scope, {"phone": f"+{WA_ID}", "whatsapp_consent": "OPTED_IN"})
    assert await consent_of() == "OPTED_OUT"


async def test_a_stop_of_a_person_that_was_never_seen_is_kept_as_an_anonymous_contact(database: str):
    scope = await a_sender()
    stop = written("STOP", wa_id=None, user_id="ES.1", name="Ana ")
    assert await process(scope, stop, written("Stop!", wa_id=None, user_id="ES.1", message_id="w2")) == 0
    (made,) = await db.fetch("SELECT name, phone, whatsapp_consent FROM contacts")
    assert tuple(made) == ("Ana", None, "OPTED_OUT")
    assert await db.fetch_value("SELECT count(*) FROM activities") == 2
    await process(scope, written("Hello", user_id="ES.1", message_id="w3"))
    (known,) = await db.fetch("SELECT phone, whatsapp_consent FROM contacts")
    assert tuple(known) == (f"+{WA_ID}", "OPTED_OUT"), "now the number is known"


async def test_a_stop_of_an_anonymous_person_reaches_the_contact_that_has_the_number(database: str):
    scope = await a_sender()
    await process(scope, written("STOP", wa_id=None, user_id="ES.1"))
    await people(scope, 1)
    await process(scope, written("Hello", user_id="ES.1", message_id="w2"))
    assert await consent_of() == "OPTED_OUT"
    assert await db.fetch_value("SELECT count(*) FROM contact_merge_suggestions") == 1
