"""Opt-outs, and which of them a resume undoes."""

from datetime import timedelta

from models import clock, db
from models.contacts.consent import Word
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.contacts.update import update_contact
from models.messaging import consent, inbound
from models.messaging.consent import Said
from models.messaging.provider_events import PreferenceEvent, Sender
from permissions.principal import Scope
from tests.kit.broadcasts import a_sender, people
from tests.models.messaging.test_inbound import WA_ID, consent_of, process, written


async def prefer(scope: Scope, *wishes: tuple[bool, int]) -> None:
    now = clock.now()
    async with db.transaction():
        await inbound.heed_preferences(
            scope.workspace_id,
            [PreferenceEvent("n", Sender(WA_ID), stop, now + timedelta(seconds=at)) for stop, at in wishes],
        )


async def test_resuming_on_the_platform_undoes_a_stop_on_the_platform(database: str):
    scope = await a_sender()
    await people(scope, 1)
    await prefer(scope, (True, 0))
    assert await consent_of() == "OPTED_OUT"
    await prefer(scope, (False, 1))
    assert await consent_of() == "OPTED_IN"
    await prefer(scope, (False, 3), (True, 2))
    assert await consent_of() == "OPTED_IN", "the last wish counts, in whatever order they come"


async def test_resuming_on_the_platform_keeps_a_person_s_own_opt_out(database: str):
    scope = await a_sender()
    await people(scope, 1)
    await prefer(scope, (True, 0))
    await process(scope, written("STOP"))
    await prefer(scope, (False, 5))
    assert await consent_of() == "OPTED_OUT"


async def test_resuming_on_the_platform_keeps_an_opt_out_entered_here(database: str):
    scope = await a_sender()
    await people(scope, 1)
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT'")
    await prefer(scope, (False, 5))
    assert await consent_of() == "OPTED_OUT"


async def test_a_stop_is_kept_when_whatsapp_s_settings_resume_late_or_twice(database: str):
    scope = await a_sender()
    await people(scope, 1)
    await prefer(scope, (True, 0))
    await prefer(scope, (False, 1))
    await prefer(scope, (True, 2))
    await prefer(scope, (False, 1))
    assert await consent_of() == "OPTED_OUT", "a resume that came twice"
    await prefer(scope, (False, -5))
    assert await consent_of() == "OPTED_OUT", "a resume that came late"
    await prefer(scope, (False, 3))
    assert await consent_of() == "OPTED_IN"
    await prefer(scope, (True, 2))
    assert await consent_of() == "OPTED_IN", "a stop that came twice"


async def test_a_stop_counts_for_every_contact_that_has_the_number_and_for_those_to_come(database: str):
    scope = await a_sender()
    said = [Said(Word.STOP, clock.now(), "551176500001", evidence="whatsapp:w1")]
    assert await consent.heed(scope.workspace_id, said) == 0
    assert await consent.heed(scope.workspace_id, []) == 0
    for phone in ("+5511976500001", "+551176500002"):
        await create_contact(scope, {"phone": phone, "whatsapp_consent": "OPTED_IN"})
    assert await consent_of("+5511976500001") == "OPTED_OUT"
    assert await consent_of("+551176500002") == "OPTED_IN"


async def test_a_person_without_a_number_is_heeded_by_contact(database: str):
    scope = await a_sender()
    made = await create_contact(scope, {"name": "Ana", "whatsapp_consent": "OPTED_IN"})

    async def says(word: Word, second: int) -> str:
        at = clock.now() + timedelta(seconds=second)
        await consent.heed(scope.workspace_id, [Said(word, at, contact_id=made["id"])])
        return await db.fetch_value("SELECT whatsapp_consent FROM contacts")

    assert await says(Word.STOP, 0) == "OPTED_OUT"
    assert await says(Word.START, -10) == "OPTED_OUT"
    assert await says(Word.START, 10) == "OPTED_IN"
    assert await says(Word.STOP, 20) == "OPTED_OUT"
    await update_contact(scope, made["id"], {"phone": "+34600000001"})
    await delete_contacts(scope, [made["id"]])
    again = await create_contact(scope, {"phone": "+34600000001", "whatsapp_consent": "OPTED_IN"})
    assert again["whatsapp_consent"] == "OPTED_OUT", "the stop went to the number that the contact got"
