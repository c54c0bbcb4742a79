"""A person who is everywhere is erased: a search of every table and file finds nothing, and an opt-out stays in force."""

from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from models import clock, db
from models.contacts import suppressions
from models.contacts.create import create_contact
from models.errors import NotFound
from models.personal_data import erasures
from models.personal_data.erase import carry_on, erase_contact
from models.queue import jobs
from models.queue.jobs import JobKind
from models.transfers.files import storage
from tests.kit.killing import Killed, killed_after
from tests.kit.person import EMAIL, NAME, OTHER, PHONE, Person, everywhere, found_in
from tests.kit.workspaces import new_workspace

HOLD_PERSONAL_DATA = {
    "activities",
    "consent_changes",
    "enrollments_ended",
    "contact_aliases",
    "contact_merge_suggestions",
    "contact_merges",
    "contacts",
    "events",
    "import_changes",
    "import_dry_keys",
    "import_refusals",
    "score_adjustments",
    "jobs",
    "messages",
    "provider_requests",
    "segment_uses",
    "suppressions",
    "uploads",
    "webhook_deliveries",
    "webhook_failures",
    "webhook_inbox",
    "whatsapp_aliases",
    "whatsapp_reached",
    "whatsapp_users",
    "workflow_entries",
    "workflow_steps",
    "workflow_tests",
    "workflow_turned_away",
}
"""Tables from which a person is erased."""

HOLD_NONE = {
    "audience_members": "hashes, until Meta has taken the person out",
    "audiences": "what members wrote, and what Meta says of audiences",
    "api_tokens": "of members",
    "audit_log": "ids, names of fields and counts",
    "broadcast_exclusions": "ids and reasons",
    "duplicate_candidates": "ids, and reasons that name nobody",
    "broadcasts": "what members wrote, for everybody",
    "captured_members": "ids",
    "changelog_readers": "positions",
    "contact_erasures": "what a person is found by, until nothing is left to find",
    "contact_fields": "what members wrote",
    "dirty_contacts": "ids and names of fields",
    "enrollments": "until the engine has ended them, because the contact is deleted",
    "import_mappings": "headers of files, and options",
    "member_sessions": "of members",
    "members": "of members",
    "membership_changes": "ids",
    "membership_overrides": "ids",
    "memberships": "ids",
    "meta_connections": "of the business",
    "message_sources": "the template, for everybody",
    "message_templates": "what members wrote",
    "password_links": "of members",
    "rule_changes": "ids",
    "schema_migrations": "names of migrations",
    "segments": "what members wrote: names and rules",
    "segment_rule_versions": "what members wrote: rules",
    "sign_in_attempts": "of members",
    "contact_scores": "numbers and names of levels",
    "score_history": "numbers and names of levels",
    "score_models": "what members wrote",
    "old_api_tokens": "digests of secrets",
    "sign_in_emails": "of members",
    "tags": "names of tags",
    "tracking_keys": "what members wrote",
    "tracking_rejections": "names of events and reasons, without values",
    "unclosed_appends": "names of logs",
    "webhook_endpoints": "of partners",
    "whatsapp_channels": "of the business",
    "workflow_additions": "keys of requests",
    "workflow_counts": "figures",
    "workflow_engines": "time zones",
    "workflow_senders": "digests of templates",
    "workflow_nodes": "keys that members wrote",
    "workflow_occurrences": "keys of nodes",
    "workflow_schedules": "keys of triggers",
    "workflow_signals": "ids, names of fields, and a time zone for some milliseconds",
    "workflow_causes": "ids",
    "workflow_sources": "names of fields, tags and kinds",
    "workflow_versions": "what members wrote",
    "workflow_zone_changes": "time zones",
    "workflows": "what members wrote",
    "workspace_leases": "names of work",
    "workspaces": "of the business",
}


@pytest.fixture
async def person(database: str, file_folder: Path) -> Person:
    return await everywhere(await new_workspace())


async def erased(person: Person) -> None:
    await erase_contact(person.scope, person.contact_id)
    assert await carry_on(person.scope.workspace_id, person.contact_id)


async def test_every_table_that_can_hold_a_text_is_known(database: str) -> None:
    rows = await db.fetch(
        """
        SELECT DISTINCT table_name FROM information_schema.columns
        JOIN pg_tables ON schemaname = table_schema AND tablename = table_name
        WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'bytea', 'ARRAY', 'character varying')
        """
    )
    unknown = {row["table_name"] for row in rows} - HOLD_PERSONAL_DATA - set(HOLD_NONE)
    without_texts = {"membership_appends", "message_counters", "whatsapp_quotas"}
    assert unknown <= without_texts, "erase people from these tables (models/personal_data/), or say here why not"


async def test_nothing_is_left_of_an_erased_person(person: Person, file_folder: Path) -> None:
    assert set(await found_in(file_folder)) == HOLD_PERSONAL_DATA | {"files"}, "the person is not everywhere yet"
    await erased(person)
    assert await found_in(file_folder) == {}


async def test_counts_and_other_people_stay(person: Person) -> None:
    await erased(person)
    kept = "SELECT count(*) FROM messages WHERE workspace_id = $1"
    assert await db.fetch_value(kept, person.scope.workspace_id) == 4
    states = await db.fetch_row("SELECT pending, sent, failed, skipped FROM message_counters")
    assert states is not None
    assert tuple(states) == (0, 2, 1, 1)
    other = await db.fetch_row("SELECT parameters FROM messages WHERE phone = $1", OTHER)
    assert other is not None
    assert other["parameters"] == ["Other"]
    assert await db.fetch_value("SELECT cells FROM import_refusals WHERE line = 5") == ["Other", OTHER]
    assert await db.fetch_value("SELECT count(*) FROM import_refusals") == 3
    assert await db.fetch_value("SELECT count(*) FROM webhook_failures") == 1
    body = (await db.fetch_value("SELECT body FROM webhook_inbox")).decode()
    assert OTHER[1:] in body
    assert PHONE[1:] not in body
    assert await db.fetch_value("SELECT count(*) FROM whatsapp_reached") == 1


async def test_an_opt_out_stays_in_force_when_the_person_comes_back(person: Person) -> None:
    await erased(person)
    assert PHONE in await suppressions.find_stopped(person.scope.workspace_id, [PHONE])
    again = await create_contact(person.scope, {"phone": PHONE, "whatsapp_consent": "OPTED_IN"})
    consent = await db.fetch_value("SELECT whatsapp_consent FROM contacts WHERE id = $1", again["id"])
    assert consent == "OPTED_OUT"


async def test_somebody_who_had_not_opted_out_is_not_suppressed(database: str, file_folder: Path) -> None:
    scope = await new_workspace()
    contact = await create_contact(scope, {"phone": PHONE, "whatsapp_consent": "OPTED_IN"})
    words = [suppressions.Word.STOP, suppressions.Word.START]
    at = clock.now()
    await suppressions.hear(
        scope.workspace_id,
        [suppressions.Heard(PHONE, word, at + timedelta(hours=hour)) for hour, word in enumerate(words)],
    )
    await erased(Person(scope, contact["id"]))
    assert await suppressions.find_stopped(scope.workspace_id, [PHONE]) == {}
    assert await db.fetch_value("SELECT count(*) FROM suppressions") == 0
    assert await found_in(file_folder) == {}


async def test_killed_at_any_line_and_run_again_it_comes_to_its_end(person: Person, file_folder: Path) -> None:
    for statements in count():
        try:
            with killed_after(statements):
                await erase_contact(person.scope, person.contact_id)
            break
        except Killed:
            pass
    for statements in count():
        try:
            with killed_after(statements):
                assert await carry_on(person.scope.workspace_id, person.contact_id)
            break
        except Killed:
            assert statements < 500, "it does not come to its end"
    assert await found_in(file_folder) == {}
    assert PHONE in await suppressions.find_stopped(person.scope.workspace_id, [PHONE])
    assert await db.fetch_row("SELECT skipped FROM message_counters WHERE skipped = 1") is not None


async def test_killed_between_two_files_it_goes_on(
    person: Person, file_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await erase_contact(person.scope, person.contact_id)

    async def dies(key: str) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(storage(), "delete", dies)
        with pytest.raises(Killed):
            await carry_on(person.scope.workspace_id, person.contact_id)
    assert await erasures.unfinished() == [(person.scope.workspace_id, person.contact_id)]
    assert await carry_on(person.scope.workspace_id, person.contact_id)
    assert await found_in(file_folder) == {}


async def test_twice_is_once(person: Person, file_folder: Path) -> None:
    await erased(person)
    await erased(person)
    assert await erasures.unfinished() == []
    assert await db.fetch_value("SELECT count(*) FROM contact_erasures WHERE identity IS NULL") == 1
    assert await db.fetch_value("SELECT count(*) FROM audit_log WHERE action = 'contact_erase'") == 1


async def test_a_person_is_erased_a_second_time_after_coming_back(person: Person, file_folder: Path) -> None:
    await erased(person)
    again = await create_contact(person.scope, {"phone": PHONE, "email": EMAIL, "name": NAME})
    await db.execute("INSERT INTO whatsapp_reached VALUES ($1, 'account', $2, now())", person.scope.workspace_id, PHONE)
    await erased(Person(person.scope, again["id"]))
    assert await found_in(file_folder) == {}


async def test_a_contact_of_another_workspace_is_not_there(person: Person) -> None:
    stranger = await new_workspace("Other")
    with pytest.raises(NotFound):
        await erase_contact(stranger, person.contact_id)
    assert await db.fetch_value("SELECT 1 FROM contacts WHERE id = $1", person.contact_id) == 1


async def test_it_waits_for_an_import_that_runs_and_for_a_message_on_its_way(person: Person, file_folder: Path) -> None:
    job = await jobs.create(person.scope, JobKind.IMPORT, {"filename": "x.csv", "options": {}})
    await db.execute("UPDATE messages SET status = 'SENDING' WHERE status = 'PENDING'")
    await erase_contact(person.scope, person.contact_id)
    assert not await carry_on(person.scope.workspace_id, person.contact_id)
    await db.execute("UPDATE jobs SET status = 'FAILED', finished_at = $2 WHERE id = $1", job.id, clock.now())
    assert not await carry_on(person.scope.workspace_id, person.contact_id)
    await db.execute("UPDATE messages SET status = 'UNCONFIRMED' WHERE status = 'SENDING'")
    assert await carry_on(person.scope.workspace_id, person.contact_id)
    assert await found_in(file_folder) == {}


async def test_the_audit_log_names_the_contact_by_its_id_alone(person: Person) -> None:
    await erased(person)
    row = await db.fetch_row("SELECT target_kind, target_id, details FROM audit_log WHERE action = 'contact_erase'")
    assert row is not None
    assert tuple(row) == ("Contact", person.contact_id, "{}")
