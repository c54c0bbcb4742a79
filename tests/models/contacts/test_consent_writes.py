"""A person's own opt-out stands over members, the API and imports, by number; only the person or a grant undoes it."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from datetime import timedelta
from typing import Any

import pytest

from models import clock, db
from models.accounts.members import Role
from models.contacts import consent_history, person_consent, suppressions
from models.contacts.consent import ConsentSource, Word
from models.contacts.consent_writes import KEPT, STOPPED, grant_consent
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.contacts.suppressions import Heard, phone_hash
from models.contacts.update import update_contact
from models.contacts.upsert import upsert_contact
from models.errors import Invalid, NotFound, Required
from models.values.phones import phone_key
from permissions.principal import Scope
from tests.kit.transfers import everyone, imported
from tests.kit.workspaces import as_member, new_member, new_workspace

ANA, OTHER = "+34600000001", "+34600000002"


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def says(scope: Scope, word: Word, phone: str = ANA, seconds: float = 0, evidence: str | None = "w1") -> int:
    at = clock.now() + timedelta(seconds=seconds)
    return await person_consent.heed(scope.workspace_id, [Heard(phone_key(phone), word, at, evidence=evidence)])


async def consent(phone: str = ANA) -> tuple[str, str | None]:
    row = await db.fetch_row("SELECT whatsapp_consent, consent_source FROM contacts WHERE phone = $1", phone)
    assert row is not None
    return row["whatsapp_consent"], row["consent_source"]


async def test_a_consent_has_a_source_and_a_time_and_a_history(scope: Scope) -> None:
    member = as_member(scope, await new_member(scope, Role.ADMIN))
    made = await create_contact(scope, {"phone": ANA})
    assert (made["whatsapp_consent"], made["consent_source"], made["consent_at"]) == ("UNKNOWN", None, None)
    before = clock.now()
    changed = await update_contact(member, made["id"], {"whatsapp_consent": "OPTED_IN"})
    assert (changed["whatsapp_consent"], changed["consent_source"]) == ("OPTED_IN", "MEMBER")
    assert changed["consent_at"] >= before
    again = await update_contact(scope, made["id"], {"whatsapp_consent": "OPTED_IN", "phone": ANA})
    assert again["consent_source"] == "MEMBER", "who says again what is known changes nothing"
    await update_contact(scope, made["id"], {"whatsapp_consent": "UNKNOWN"})
    await says(scope, Word.STOP, seconds=1)
    [*history] = (await consent_history.page_for_each(scope, [made["id"]], 10))[made["id"]]
    assert [(row["source"], row["from_consent"], row["to_consent"], row["evidence"]) for row in history] == [
        ("PERSON", "UNKNOWN", "OPTED_OUT", "w1"),
        ("API", "OPTED_IN", "UNKNOWN", None),
        ("MEMBER", "UNKNOWN", "OPTED_IN", None),
    ]
    assert await db.fetch_value("SELECT actor_id FROM consent_changes ORDER BY id LIMIT 1") == member.principal.id


@pytest.mark.parametrize("spelled", [ANA, "600 000 001"])
async def test_a_nightly_upsert_does_not_undo_a_person_s_stop_and_writes_all_else(scope: Scope, spelled: str) -> None:
    made = await create_contact(scope, {"phone": ANA, "whatsapp_consent": "OPTED_IN"})
    await says(scope, Word.STOP)
    notices: list[str] = []
    row, created = await upsert_contact(
        scope, {"phone": spelled, "name": "Ana", "whatsapp_consent": "OPTED_IN"}, notices
    )
    assert (row["id"], created, row["name"], row["whatsapp_consent"]) == (made["id"], False, "Ana", "OPTED_OUT")
    assert notices == [KEPT]
    await update_contact(scope, made["id"], {"whatsapp_consent": None}, notices)
    assert (await consent(), notices) == (("OPTED_OUT", "PERSON"), [KEPT])
    await update_contact(scope, made["id"], {"whatsapp_consent": "OPTED_OUT", "score": 2}, notices)
    assert notices == []


async def test_a_stop_outlives_the_contact_and_goes_with_the_number(scope: Scope) -> None:
    made = await create_contact(scope, {"phone": "+5511976500001", "whatsapp_consent": "OPTED_IN"})
    await says(scope, Word.STOP, "551176500001")
    await delete_contacts(scope, [made["id"]])
    notices: list[str] = []
    again = await create_contact(scope, {"phone": "+551176500001", "whatsapp_consent": "OPTED_IN"}, notices)
    assert (again["whatsapp_consent"], again["consent_source"], notices) == ("OPTED_OUT", "PERSON", [KEPT])
    await delete_contacts(scope, [again["id"]])
    other = await create_contact(scope, {"name": "Bo", "whatsapp_consent": "OPTED_IN"}, notices)
    assert notices == []
    other = await update_contact(scope, other["id"], {"phone": "+5511976500001"}, notices)
    assert (other["whatsapp_consent"], notices) == ("OPTED_OUT", [STOPPED])
    await says(scope, Word.START, "551176500001", seconds=5)
    assert await consent("+5511976500001") == ("OPTED_IN", "API"), "as it was before it had the number"


async def test_a_person_who_stopped_takes_the_stop_to_a_new_number(scope: Scope) -> None:
    made = await create_contact(scope, {"phone": ANA, "whatsapp_consent": "OPTED_IN"})
    await says(scope, Word.STOP)
    await update_contact(scope, made["id"], {"phone": OTHER})
    await delete_contacts(scope, [made["id"]])
    for phone in (ANA, OTHER):
        await create_contact(scope, {"phone": phone, "whatsapp_consent": "OPTED_IN"})
        assert await consent(phone) == ("OPTED_OUT", "PERSON")


async def test_an_opt_out_that_was_entered_here_is_changed_here(scope: Scope) -> None:
    made = await create_contact(scope, {"phone": ANA, "whatsapp_consent": "OPTED_OUT"})
    await says(scope, Word.START)
    await says(scope, Word.PLATFORM_RESUME)
    assert await consent() == ("OPTED_OUT", "API"), "nobody said stop"
    await update_contact(scope, made["id"], {"whatsapp_consent": "OPTED_IN"})
    assert await consent() == ("OPTED_IN", "API")


async def test_start_undoes_a_stop_and_whatsapp_s_resume_only_whatsapp_s(scope: Scope) -> None:
    await create_contact(scope, {"phone": ANA, "whatsapp_consent": "OPTED_IN"})
    await says(scope, Word.STOP, seconds=0)
    await says(scope, Word.PLATFORM_RESUME, seconds=1)
    assert (await consent())[0] == "OPTED_OUT"
    await says(scope, Word.START, seconds=2)
    assert await consent() == ("OPTED_IN", "API")
    await says(scope, Word.PLATFORM_STOP, seconds=3)
    assert (await consent())[0] == "OPTED_OUT"
    await says(scope, Word.START, seconds=4)
    assert (await consent())[0] == "OPTED_IN"


async def test_evidence_undoes_an_own_opt_out_and_is_kept(scope: Scope) -> None:
    member = as_member(scope, await new_member(scope, Role.ADMIN))
    made = await create_contact(scope, {"phone": ANA})
    await says(scope, Word.STOP, seconds=30)
    granted = await grant_consent(member, made["id"], "  Signed at the counter  ")
    assert (granted["whatsapp_consent"], granted["consent_source"]) == ("OPTED_IN", "MEMBER"), (
        "though WhatsApp is ahead"
    )
    last = await db.fetch_row("SELECT source, actor_id, evidence FROM consent_changes ORDER BY id DESC LIMIT 1")
    assert last is not None
    assert tuple(last) == ("MEMBER", member.principal.id, "Signed at the counter")
    entry = await db.fetch_row("SELECT actor_id, action, details FROM audit_log ORDER BY id DESC LIMIT 1")
    assert entry is not None
    assert (entry["actor_id"], entry["action"]) == (member.principal.id, "contact_consent_grant")
    assert "counter" not in entry["details"], "what people wrote is not in the audit log"
    await delete_contacts(scope, [made["id"]])
    assert (await create_contact(scope, {"phone": ANA}))["whatsapp_consent"] == "UNKNOWN"


async def test_a_grant_needs_evidence_and_a_contact(scope: Scope) -> None:
    made = await create_contact(scope, {"name": "Ana"})
    wrong: list[tuple[int, Any, type[Exception]]] = [
        (made["id"], "  ", Required),
        (made["id"], "x" * 2001, Invalid),
        (made["id"] + 1, "x", NotFound),
    ]
    for contact_id, evidence, error in wrong:
        with pytest.raises(error):
            await grant_consent(scope, contact_id, evidence)
    granted = await grant_consent(scope, made["id"], "Said so on the phone")
    assert granted["whatsapp_consent"] == "OPTED_IN"


async def test_an_import_does_not_undo_a_stop_and_says_how_many_it_left(scope: Scope) -> None:
    await create_contact(scope, {"phone": ANA, "whatsapp_consent": "OPTED_IN"})
    gone = await create_contact(scope, {"phone": OTHER, "whatsapp_consent": "OPTED_IN"})
    for phone in (ANA, OTHER):
        await says(scope, Word.STOP, phone)
    await delete_contacts(scope, [gone["id"]])
    text = f"phone,name,whatsapp_consent\n{ANA},Ana,OPTED_IN\n{OTHER},Bea,OPTED_IN\n+34600000003,Cleo,OPTED_IN\n"
    for dry_run in (True, False):
        job = await imported(scope, text, overwrite=True, dry_run=dry_run)
        assert job.progress["consents_set_aside"] == 2
        assert (job.progress["created"], job.progress["updated"]) == (2, 1)
    found = await everyone(scope, "name", "whatsapp_consent", "consent_source")
    assert found == [("Ana", "OPTED_OUT", "PERSON"), ("Bea", "OPTED_OUT", "PERSON"), ("Cleo", "OPTED_IN", "IMPORT")]
    await imported(scope, "phone,whatsapp_consent\n+34600000003,OPTED_OUT\n", overwrite=True)
    last = await db.fetch_row("SELECT source, from_source, to_consent FROM consent_changes ORDER BY id DESC LIMIT 1")
    assert last is not None
    assert tuple(last) == ("IMPORT", "IMPORT", "OPTED_OUT")


async def test_an_import_that_moves_numbers_moves_stops(scope: Scope) -> None:
    await create_contact(scope, {"external_id": "1", "phone": ANA, "whatsapp_consent": "OPTED_IN"})
    await create_contact(scope, {"external_id": "2", "whatsapp_consent": "OPTED_IN"})
    await says(scope, Word.STOP)
    await imported(scope, f"external_id,phone\n1,{OTHER}\n2,{ANA}\n", overwrite=True)
    assert (await consent(), await consent(OTHER)) == (("OPTED_OUT", "PERSON"), ("OPTED_OUT", "PERSON"))
    assert set(await suppressions.find_stopped(scope.workspace_id, [ANA, OTHER])) == {ANA, OTHER}


async def test_an_erased_number_is_recognised_by_its_hash(scope: Scope) -> None:
    await says(scope, Word.STOP)
    await suppressions.erase_number(scope.workspace_id, ANA)
    await suppressions.suppress_hash(scope.workspace_id, phone_hash(scope.workspace_id, OTHER), clock.now())
    assert await db.fetch_value("SELECT count(*) FROM suppressions WHERE phone_key IS NOT NULL") == 0
    for phone in (ANA, OTHER):
        await create_contact(scope, {"phone": phone, "whatsapp_consent": "OPTED_IN"})
        assert await consent(phone) == ("OPTED_OUT", "PERSON")
    other = await new_workspace("Other")
    made = await create_contact(other, {"phone": ANA, "whatsapp_consent": "OPTED_IN"})
    assert made["whatsapp_consent"] == "OPTED_IN", "each workspace has a list of its own"


async def test_a_stop_and_upserts_at_the_same_moment_leave_no_opt_in(scope: Scope) -> None:
    for n in range(20):
        phone = f"+346000001{n:02}"
        given = {"phone": phone, "whatsapp_consent": "OPTED_IN", "external_id": str(n)}
        if n % 2:
            await create_contact(scope, given)
        await asyncio.gather(
            upsert_contact(scope, given),
            says(scope, Word.STOP, phone),
            upsert_contact(scope, {**given, "name": "Ana"}),
            says(scope, Word.PLATFORM_RESUME, phone, seconds=-1),
        )
        assert await consent(phone) == ("OPTED_OUT", "PERSON")


async def elsewhere(work: Coroutine[Any, Any, Any]) -> None:
    """Run it in a transaction of its own, though the caller has one."""
    await asyncio.create_task(work, context=Context())


async def test_neither_a_stop_nor_a_new_contact_that_saw_nothing_of_the_other_is_lost(scope: Scope) -> None:
    async with db.transaction():
        await create_contact(scope, {"phone": ANA, "whatsapp_consent": "OPTED_IN"})
        await elsewhere(says(scope, Word.STOP))
    assert await consent() == ("OPTED_OUT", "PERSON")
    async with db.transaction():
        await says(scope, Word.STOP, OTHER)
        await elsewhere(create_contact(scope, {"phone": OTHER, "whatsapp_consent": "OPTED_IN"}))
    assert await consent(OTHER) == ("OPTED_OUT", "PERSON")


async def test_a_stop_during_an_import_is_not_lost(scope: Scope) -> None:
    text = f"phone,whatsapp_consent\n{ANA},OPTED_IN\n"
    async with db.transaction():  # the import sees only what was committed before, and this comes after
        await says(scope, Word.STOP, seconds=-1)
        await elsewhere(imported(scope, text))
    assert await consent() == ("OPTED_OUT", "PERSON")


async def test_what_a_process_left_undone_is_found_later(scope: Scope) -> None:
    await says(scope, Word.STOP)
    await db.execute(
        "INSERT INTO contacts (workspace_id, phone, whatsapp_consent) VALUES ($1, $2, 'OPTED_IN'), ($1, $3, 'OPTED_IN')",
        scope.workspace_id,
        ANA,
        OTHER,
    )
    assert await person_consent.enforce_recent() == 1
    assert (await consent(), await consent(OTHER)) == (("OPTED_OUT", "PERSON"), ("OPTED_IN", None))
    assert await person_consent.enforce_recent() == 0
    assert ConsentSource(await db.fetch_value("SELECT source FROM consent_changes")) is ConsentSource.PERSON
