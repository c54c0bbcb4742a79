"""A person's new number: the contact gets it, or two contacts are suggested to be one."""

from datetime import timedelta

from models import clock, db
from models.contacts.consent import Word
from models.messaging import consent, inbound
from models.messaging.consent import Said
from models.messaging.provider_events import InboundEvent, Sender
from permissions.principal import Scope
from tests.kit.broadcasts import a_sender, people

OLD, NEW, NEWEST = "34600000001", "34600000002", "34600000009"


async def changes(scope: Scope, *numbers: tuple[str, str]) -> int:
    """Processes the news, in order of time, from one number to another. Returns how many nobody knew."""
    news = [
        InboundEvent("n", f"w{old}{new}", Sender(old), clock.now() + timedelta(seconds=at), "system", new_wa_id=new)
        for at, (old, new) in enumerate(numbers)
    ]
    async with db.transaction():
        return await inbound.process(scope.workspace_id, news, [])


async def phones() -> list[str]:
    return [row["phone"] for row in await db.fetch("SELECT phone FROM contacts ORDER BY id")]


async def test_a_contact_moves_to_the_new_number_and_the_person_said_nothing(database: str):
    scope = await a_sender()
    await people(scope, 1)
    await changes(scope, (OLD, NEW))
    assert await phones() == [f"+{NEW}"]
    assert await changes(scope, (OLD, NEW)) == 1, "the old number is nobody's now"
    row = await db.fetch_row("SELECT last_interaction_at, whatsapp_consent FROM contacts")
    assert row is not None
    assert tuple(row) == (None, "OPTED_IN")
    activity = await db.fetch_row("SELECT kind, properties ->> 'number' AS number FROM activities")
    assert activity is not None
    assert tuple(activity) == ("contact.number_changed", f"+{NEW}")


async def test_a_number_that_another_contact_has_is_suggested_for_a_merge(database: str):
    scope = await a_sender()
    first, second = await people(scope, 2)
    await changes(scope, (OLD, NEW))
    await changes(scope, (OLD, NEW))
    assert await phones() == [f"+{OLD}", f"+{NEW}"]
    rows = await db.fetch("SELECT contact_id, other_contact_id FROM contact_merge_suggestions")
    assert [tuple(row) for row in rows] == [(first, second)]


async def test_a_repeated_change_undoes_no_start_from_the_new_number(database: str):
    scope = await a_sender()
    ids = await people(scope, 2)
    said_at = clock.now() - timedelta(hours=1)
    news = InboundEvent("n", "w", Sender(OLD), said_at, "system", new_wa_id=NEW)
    start = InboundEvent("n", "w2", Sender(NEW), clock.now(), "text", "START")
    await consent.heed(scope.workspace_id, [Said(Word.STOP, said_at - timedelta(days=1), contact_id=ids[0])])
    for events in ([news], [start], [news]):
        async with db.transaction():
            await inbound.process(scope.workspace_id, events, [])
    consents = await db.fetch("SELECT whatsapp_consent FROM contacts ORDER BY id")
    assert [row["whatsapp_consent"] for row in consents] == ["OPTED_OUT", "OPTED_IN"]


async def test_an_opt_out_goes_with_the_person(database: str):
    scope = await a_sender()
    ids = await people(scope, 2)
    await consent.heed(scope.workspace_id, [Said(Word.STOP, clock.now(), contact_id=ids[0])])
    await changes(scope, (OLD, NEW))
    consents = await db.fetch("SELECT whatsapp_consent FROM contacts")
    assert [row["whatsapp_consent"] for row in consents] == ["OPTED_OUT"] * 2
    await changes(scope, (OLD, NEWEST))
    assert await phones() == [f"+{NEWEST}", f"+{NEW}"]
    assert await db.fetch_value("SELECT count(*) FROM suppressions WHERE active AND phone_key = $1", f"+{NEWEST}") == 1
