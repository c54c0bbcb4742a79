"""Two contacts become one, and two again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models import clock, db
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from models.contacts import suppressions
from models.contacts.activities import NewActivity, record
from models.contacts.create import create_contact
from models.contacts.find import find_contact
from models.contacts.person_consent import heed
from models.contacts.suppressions import Heard, Word
from models.contacts.update import update_contact
from models.contacts.upsert import upsert_contact
from models.errors import Conflict, Invalid, NotAllowedInState, NotFound, Problems, Taken
from models.identity.merge import merge_contacts
from models.identity.preview import preview
from models.identity.unmerge import unmerge
from models.membership import manual_changes
from models.membership.origins import Override
from permissions.principal import Scope
from tests.kit.engine import assert_all_is_right, plus_segment, settled
from tests.kit.segments import dynamic_segment, members_of, static_segment
from tests.kit.workspaces import new_workspace

ANA = {
    "external_id": "shop-1",
    "name": "Ana",
    "email": "ana@example.com",
    "tags": ["VIP"],
    "last_interaction_at": datetime(2026, 1, 1, tzinfo=UTC),
}
MARIA = {
    "external_id": "crm-9",
    "email": "ana.maria@example.com",
    "phone": "+34600111222",
    "date_of_birth": date(1990, 2, 28),
    "score": 7,
    "tags": ["vip", "botox"],
    "last_interaction_at": datetime(2026, 3, 1, tzinfo=UTC),
}


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def both(scope: Scope, one: dict[str, Any] = ANA, other: dict[str, Any] = MARIA) -> tuple[int, int]:
    return (await create_contact(scope, one))["id"], (await create_contact(scope, other))["id"]


async def whole(scope: Scope) -> dict[str, list[Any]]:
    """All that a merge may change, but the moments of changes and what is only history."""
    shown = {
        "contacts": "SELECT to_jsonb(c) - 'updated_at' FROM contacts c ORDER BY id",
        "activities": "SELECT to_jsonb(a) FROM activities a ORDER BY id",
        "memberships": "SELECT to_jsonb(m) - 'joined_at' - 'origin' FROM memberships m ORDER BY segment_id, contact_id",
        "overrides": "SELECT segment_id, contact_id, override FROM membership_overrides ORDER BY 1, 2",
        "aliases": "SELECT kind, value, contact_id FROM contact_aliases ORDER BY 1, 2",
        "moved": "SELECT merged_id, kept_id FROM merged_contacts ORDER BY 1",
        "users": "SELECT user_id, contact_id FROM whatsapp_users ORDER BY 1",
    }
    return {name: [tuple(row) for row in await db.fetch(sql)] for name, sql in shown.items()}


async def test_the_kept_contacts_values_survive_filled_from_the_others(scope: Scope) -> None:
    kept_id, merged_id = await both(scope)
    await merge_contacts(scope, kept_id, merged_id, {})
    row = await find_contact(scope, "id", kept_id)
    assert row is not None
    assert (row["external_id"], row["name"], row["email"]) == ("shop-1", "Ana", "ana@example.com")
    assert (row["phone"], row["date_of_birth"], row["score"]) == ("+34600111222", date(1990, 2, 28), 7)
    assert row["tags"] == ["VIP", "botox"]
    assert row["last_interaction_at"] == MARIA["last_interaction_at"]
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 1


async def test_a_choice_takes_the_other_value_and_names_stay_whole(scope: Scope) -> None:
    kept_id, merged_id = await both(scope, {"first_name": "Ana"}, {"first_name": "María", "last_name": "López"})
    await merge_contacts(scope, kept_id, merged_id, {"name": True})
    row = await find_contact(scope, "id", kept_id)
    assert row is not None
    assert (row["name"], row["first_name"], row["last_name"]) == ("María López", "María", "López")
    other = (await create_contact(scope, {}))["id"]
    with pytest.raises(Problems, match="is not chosen"):
        await merge_contacts(scope, kept_id, other, {"tags": True})


async def test_every_id_that_was_ever_given_finds_the_kept_contact(scope: Scope) -> None:
    kept_id, merged_id = await both(scope)
    third = (await create_contact(scope, {"external_id": "old"}))["id"]
    await merge_contacts(scope, merged_id, third, {})
    await merge_contacts(scope, kept_id, merged_id, {})
    for key, value in (
        ("id", merged_id),
        ("id", third),
        ("external_id", "crm-9"),
        ("external_id", "old"),
        ("email", "Ana.Maria@example.com"),
        ("phone", "600111222"),
    ):
        found = await find_contact(scope, key, value)
        assert found is not None, key
        assert found["id"] == kept_id
    assert (await update_contact(scope, merged_id, {"score": 8}))["id"] == kept_id
    row, made = await upsert_contact(scope, {"email": "ana.maria@example.com", "score": 9})
    assert (row["id"], row["email"], row["score"], made) == (kept_id, "ana@example.com", 9, False)
    recorded = await record(scope, [NewActivity("visit", merged_id), NewActivity("visit", external_id="crm-9")])
    assert recorded.recorded == 2
    assert await db.fetch_value("SELECT count(*) FROM activities WHERE contact_id = $1", kept_id) == 2
    with pytest.raises(Problems) as refused:
        await create_contact(scope, {"email": "ana.maria@example.com"})
    assert isinstance(refused.value.errors[0], Taken)
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 1


async def test_segments_and_the_log_follow(scope: Scope) -> None:
    kept_id, merged_id = await both(scope)
    rule = {"activity": {"kind": "purchase", "metric": "COUNT", "operator": "GTE", "value": 2}}
    buyers = await plus_segment(scope, rule, "Buyers")
    chosen = await static_segment(scope, [merged_id])
    out = await dynamic_segment(scope, name="VIPs")
    await manual_changes.override(scope, out.id, [kept_id], Override.INCLUDE)
    await manual_changes.override(scope, out.id, [merged_id], Override.EXCLUDE)
    await record(scope, [NewActivity("purchase", kept_id), NewActivity("purchase", merged_id)])
    await settled(scope)
    assert await members_of(scope, buyers) == set()
    seen = await preview(scope, kept_id, merged_id, {})
    assert (seen.blocked, seen.entering, seen.leaving, seen.activities) == ((), [buyers.id, chosen.id], [out.id], 1)
    assert {field.field for field in seen.fields} >= {"email", "externalId", "phone", "tags"}
    head = (await read_page(scope, MEMBERS, None, 100)).position
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 2, "a preview changes nothing"
    await merge_contacts(scope, kept_id, merged_id, {})
    await settled(scope)
    assert await members_of(scope, buyers) == {kept_id}
    assert await members_of(scope, chosen) == {kept_id}
    assert await members_of(scope, out) == set()
    said = {(one.segment_id, one.contact_id, one.kind) for one in (await read_page(scope, MEMBERS, head, 100)).entries}
    assert said == {
        (buyers.id, kept_id, "ENTERED"),
        (chosen.id, kept_id, "ENTERED"),
        (chosen.id, merged_id, "LEFT"),
        (out.id, kept_id, "LEFT"),
    }
    await assert_all_is_right(scope)


@pytest.mark.parametrize("stopped", ["kept", "merged"])
async def test_an_opt_out_wins(scope: Scope, stopped: str) -> None:
    kept_id, merged_id = await both(
        scope,
        {"phone": "+34600000001", "whatsapp_consent": "OPTED_IN"},
        {"phone": "+34600000002", "whatsapp_consent": "OPTED_IN"},
    )
    phone = "+34600000001" if stopped == "kept" else "+34600000002"
    await heed(scope.workspace_id, [Heard(phone, Word.STOP, clock.now())])
    await merge_contacts(scope, kept_id, merged_id, {})
    row = await find_contact(scope, "id", kept_id)
    assert row is not None
    assert (row["whatsapp_consent"], row["consent_source"]) == ("OPTED_OUT", "PERSON")
    assert await suppressions.has_any(scope.workspace_id)


async def test_an_undone_merge_leaves_everything_as_it_was(scope: Scope) -> None:
    kept_id, merged_id = await both(scope)
    third = (await create_contact(scope, {"external_id": "third", "attributes": {}}))["id"]
    await merge_contacts(scope, merged_id, third, {})
    chosen = await static_segment(scope, [merged_id])
    vips = await dynamic_segment(scope)
    await manual_changes.override(scope, vips.id, [merged_id], Override.EXCLUDE)
    await manual_changes.override(scope, vips.id, [kept_id], Override.INCLUDE)
    await record(scope, [NewActivity("visit", kept_id), NewActivity("purchase", merged_id), NewActivity("old", third)])
    await db.execute(
        "INSERT INTO whatsapp_users (workspace_id, user_id, contact_id, seen_at) VALUES ($1, 'u', $2, now())",
        scope.workspace_id,
        merged_id,
    )
    await settled(scope)
    before = await whole(scope)
    merged = await merge_contacts(scope, kept_id, merged_id, {"email": True})
    await settled(scope)
    assert await whole(scope) != before
    notices: list[str] = []
    undone = await unmerge(scope, merged["id"], notices)
    await settled(scope)
    assert notices == []
    assert undone["undone_at"] is not None
    assert await whole(scope) == before
    assert await members_of(scope, chosen) == {merged_id}
    await assert_all_is_right(scope)
    with pytest.raises(NotAllowedInState, match="undone already"):
        await unmerge(scope, merged["id"])


async def test_what_changed_since_stays_with_the_kept_contact(scope: Scope) -> None:
    kept_id, merged_id = await both(scope)
    merged = await merge_contacts(scope, kept_id, merged_id, {})
    await update_contact(scope, kept_id, {"score": 50, "tags": ["VIP", "botox", "new"], "email": "new@example.com"})
    await record(scope, [NewActivity("visit", external_id="crm-9")])
    await update_contact(scope, kept_id, {"phone": None})
    other = (await create_contact(scope, {"phone": "+34600999888"}))["id"]
    await db.execute("DELETE FROM contact_aliases WHERE kind = 'EMAIL'")
    await update_contact(scope, other, {"email": "ana.maria@example.com"})
    notices: list[str] = []
    await unmerge(scope, merged["id"], notices)
    kept, back = await find_contact(scope, "id", kept_id), await find_contact(scope, "id", merged_id)
    assert kept is not None
    assert back is not None
    assert (kept["score"], kept["tags"], kept["email"], kept["phone"]) == (50, ["VIP", "new"], "new@example.com", None)
    assert (back["external_id"], back["email"], back["phone"]) == ("crm-9", None, "+34600111222")
    assert notices == ["email was not given back: another contact has it now."]
    assert await db.fetch_value("SELECT contact_id FROM activities") == kept_id


async def test_merges_that_cannot_be_done_or_undone_say_why(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_id, merged_id = await both(scope)
    with pytest.raises(Invalid, match="itself"):
        await merge_contacts(scope, kept_id, kept_id, {})
    with pytest.raises(NotFound):
        await merge_contacts(scope, kept_id, 10**9, {})
    with pytest.raises(NotFound):
        await preview(scope, 10**9, kept_id, {})
    assert (await preview(scope, kept_id, kept_id, {})).blocked == ["a contact cannot be merged with itself: give two"]
    first = await merge_contacts(scope, kept_id, merged_id, {})
    last = (await create_contact(scope, {"name": "Last"}))["id"]
    later = await merge_contacts(scope, last, kept_id, {})
    with pytest.raises(Conflict, match="undo that merge first"):
        await unmerge(scope, first["id"])
    elsewhere = await new_workspace("Other")
    with pytest.raises(NotFound):
        await unmerge(elsewhere, later["id"])
    monkeypatch.setattr(clock, "_source", lambda: datetime.now(UTC) + timedelta(days=31))
    with pytest.raises(NotAllowedInState, match="30 days"):
        await unmerge(scope, later["id"])
