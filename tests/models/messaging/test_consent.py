"""Opt-outs, and which of them a resume undoes."""

from datetime import timedelta

from models import clock, db
from models.messaging import consent, inbound
from models.messaging.consent import ConsentSource
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


async def test_a_person_s_opt_out_replaces_the_platform_s(database: str):
    scope = await a_sender()
    ids = await people(scope, 2)
    assert await consent.opt_out_contacts(scope.workspace_id, []) == 0
    assert await consent.opt_out_contacts(scope.workspace_id, [*ids, 999]) == 2
    assert await consent.opt_out_contacts(scope.workspace_id, ids[:1], ConsentSource.PERSON) == 0
    assert await consent.resume_contacts(scope.workspace_id, ids) == 1
    assert (await consent_of(), await consent_of("+34600000002")) == ("OPTED_OUT", "OPTED_IN")
