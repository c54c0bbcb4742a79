"""Who has opted out is never written to at any of their numbers, also when another contact has the number later."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models import clock, db
from models.contacts.consent import Consent
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.contacts.person_consent import heed, heed_without_number
from models.contacts.suppressions import Heard, Word
from models.contacts.update import update_contact
from models.db import migrations
from models.identity.merge import merge_contacts
from models.identity.unmerge import unmerge
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace

A, B, C = "+34600111001", "+34600111002", "+34600111003"
SAID_AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def a_contact(scope: Scope, phone: str | None, **more: Any) -> int:
    return (await create_contact(scope, {"phone": phone, **more}))["id"]


async def stop(scope: Scope, phone: str, at: datetime = SAID_AT) -> None:
    await heed(scope.workspace_id, [Heard(phone, Word.STOP, at)])


async def later(scope: Scope, phone: str) -> str:
    """The consent of a contact that is made with this number after all others are gone."""
    await delete_contacts(scope, [row["id"] for row in await db.fetch("SELECT id FROM contacts")])
    return (await create_contact(scope, {"phone": phone, "whatsapp_consent": "OPTED_IN"}))["whatsapp_consent"]


async def words() -> list[tuple[Any, ...]]:
    sql = "SELECT phone_key, stopped_at, started_at, active FROM suppressions ORDER BY 1"
    return [tuple(row) for row in await db.fetch(sql)]


@pytest.mark.parametrize("number", [A, B])
@pytest.mark.parametrize("stopped", [A, B])
@pytest.mark.parametrize("taken", [False, True], ids=["kept-number", "merged-number"])
async def test_a_merge_stops_both_numbers_of_who_opted_out(
    scope: Scope, stopped: str, number: str, taken: bool
) -> None:
    kept, merged = await a_contact(scope, A), await a_contact(scope, B)
    await stop(scope, stopped)
    await merge_contacts(scope, kept, merged, {"phone": taken})
    assert await later(scope, number) == "OPTED_OUT"


async def test_numbers_of_earlier_merges_and_stops_without_a_number_count_too(scope: Scope) -> None:
    first, second = await a_contact(scope, A), await a_contact(scope, B)
    await merge_contacts(scope, first, second, {})
    nameless = await a_contact(scope, None, email="ana@example.com")
    await heed_without_number(scope.workspace_id, nameless, [Heard("", Word.STOP, SAID_AT)])
    await merge_contacts(scope, first, nameless, {})
    assert [(key, active) for key, _, _, active in await words()] == [(A, True), (B, True)]
    assert await later(scope, B) == "OPTED_OUT"


async def test_who_did_not_stop_is_not_stopped(scope: Scope) -> None:
    kept, merged = await a_contact(scope, A, whatsapp_consent="OPTED_OUT"), await a_contact(scope, B)
    await merge_contacts(scope, kept, merged, {})
    assert await words() == [], "a member's opt-out is no word of the person"


async def test_an_undone_merge_gives_the_words_back_and_keeps_later_ones(scope: Scope) -> None:
    kept, merged, third = [await a_contact(scope, phone) for phone in (A, B, C)]
    await heed(scope.workspace_id, [Heard(C, Word.START, SAID_AT + timedelta(days=1))])
    await stop(scope, B)
    before = await words()
    first = await merge_contacts(scope, kept, merged, {})
    second = await merge_contacts(scope, kept, third, {})
    assert [(key, active) for key, _, _, active in await words()] == [(A, True), (B, True), (C, True)]
    await unmerge(scope, second["id"])
    await unmerge(scope, first["id"])
    assert await words() == before
    again = await merge_contacts(scope, kept, merged, {})
    await stop(scope, A, clock.now())
    await unmerge(scope, again["id"])
    assert [(key, active) for key, _, _, active in await words() if key == A] == [(A, True)]


async def test_the_upgrade_stops_the_numbers_of_earlier_merges(scope: Scope) -> None:
    kept, merged = await a_contact(scope, A), await a_contact(scope, B)
    await stop(scope, B)
    await merge_contacts(scope, kept, merged, {})
    await db.execute("DELETE FROM suppressions WHERE phone_key = $1", A)
    folder = Path(migrations.__file__).parent
    await db.execute((folder / "0062_stops_of_merged_contacts.sql").read_text())
    assert [(key, at, active) for key, at, _, active in await words()] == [(A, SAID_AT, True), (B, SAID_AT, True)]
    row = await update_contact(scope, kept, {"phone": C})
    assert Consent(row["whatsapp_consent"], row["consent_source"]).is_own_stop
    assert await later(scope, A) == "OPTED_OUT"
