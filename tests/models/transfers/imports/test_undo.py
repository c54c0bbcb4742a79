"""Undo deletes created contacts and restores updated ones, unless they have changed since."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import clock, db
from models.contacts import activities
from models.contacts.activities import NewActivity
from models.contacts.create import create_contact
from models.contacts.update import update_contact
from models.errors import NotAllowedInState, NotFound
from models.queue import running_jobs
from models.transfers.imports import run, undo
from permissions.principal import Scope
from tests.kit.catalogue import known_rows
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import static_segment
from tests.kit.transfers import everyone, fields_of_every_type, finished, imported, snapshot, started, undone
from tests.kit.workspaces import new_workspace
from tests.models.transfers.imports.test_against_an_oracle import (
    FIELDS,
    as_csv,
    clean,
    consistent,
    policies,
    rows,
    stored,
)

__all__ = ["clean"]


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def test_created_contacts_are_deleted_and_updated_ones_restored(scope):
    await fields_of_every_type(scope)
    full = {
        "external_id": "1",
        "name": "Ana",
        "email": "a@x.org",
        "phone": "+34600000001",
        "date_of_birth": "1990-02-28",
        "subscribed_at": "2026-01-02T03:04:05.123456Z",
        "score": 7,
        "whatsapp_consent": "OPTED_IN",
        "tags": ["vip", "old"],
        "attributes": {"text": "hello", "number": 1.5, "multi_choice": ["Red", "Green"]},
    }
    await create_contact(scope, full)
    await create_contact(scope, {"email": "empty@x.org"})
    before = await snapshot(scope)
    job = await imported(
        scope,
        "external_id,name,email,phone,date_of_birth,subscribed_at,score,whatsapp_consent,tags,attributes.text,"
        "attributes.number,attributes.multi_choice\n1,B,b@x.org,600000009,,,1,UNKNOWN,x,y,,Green\n"
        ",C,empty@x.org,,2000-01-01,2026-01-01,5,OPTED_IN,x,y,9,\n3,New,c@x.org,,,,,,x,,,\n",
        overwrite=True,
    )
    assert (job.progress["created"], job.progress["updated"]) == (1, 2)
    back = await undone(scope, job)
    assert (back.status, back.progress["undone_at"] is not None) == ("SUCCEEDED", True)
    assert (back.progress["undo"]["undone"], back.progress["undo"]["kept"]) == (3, 0)
    assert await snapshot(scope) == before
    assert await db.fetch_value("SELECT count(*) FROM import_changes") == 0


async def test_contacts_that_have_changed_since_are_kept(scope):
    await create_contact(scope, {"email": "a@x.org", "name": "Ana"})
    job = await imported(scope, "email,name\na@x.org,A\nb@x.org,B\nc@x.org,C\nd@x.org,D\n", overwrite=True)
    ids = {row["email"]: row["id"] for row in await db.fetch("SELECT id, email FROM contacts")}
    await update_contact(scope, ids["a@x.org"], {"score": 1})
    await update_contact(scope, ids["b@x.org"], {"name": "Bea"})
    await activities.record(scope, [NewActivity("purchase", contact_id=ids["c@x.org"])])
    back = await undone(scope, job)
    assert (back.progress["undo"]["undone"], back.progress["undo"]["kept"]) == (1, 3)
    assert await everyone(scope, "email", "name") == [("a@x.org", "A"), ("b@x.org", "Bea"), ("c@x.org", "C")]


async def test_an_opt_out_is_not_undone(scope):
    await create_contact(scope, {"email": "a@x.org", "whatsapp_consent": "OPTED_IN", "name": "Ana"})
    job = await imported(scope, "email,whatsapp_consent,name\na@x.org,OPTED_OUT,B\n", overwrite=True)
    await undone(scope, job)
    assert await everyone(scope, "whatsapp_consent", "name") == [("OPTED_OUT", "Ana")]


async def test_contacts_that_the_import_added_leave_the_segment(scope):
    member, other = [(await create_contact(scope, {"email": e}))["id"] for e in ("a@x.org", "b@x.org")]
    segment = await static_segment(scope, [member])
    job = await imported(scope, "email\na@x.org\nb@x.org\nc@x.org\n", add_to_segment_id=segment.id, overwrite=True)
    assert await db.fetch_value("SELECT count(*) FROM memberships") == 3
    await undone(scope, job)
    await settled(scope)
    assert [row[0] for row in await db.fetch("SELECT contact_id FROM memberships")] == [member]
    assert other in [contact_id for (contact_id,) in await everyone(scope, "id")]
    await assert_all_is_right(scope)


async def test_keys_that_moved_between_contacts_are_restored(scope):
    for number in (1, 2, 3):
        await create_contact(scope, {"external_id": str(number), "email": f"{number}@x.org"})
    before = await snapshot(scope)
    content = "external_id,email\n1,9@x.org\n2,1@x.org\n3,2@x.org\n4,3@x.org\n"
    await undone(scope, await imported(scope, content, overwrite=True))
    assert await snapshot(scope) == before


async def test_a_key_that_another_contact_has_now_is_not_restored(scope):
    await create_contact(scope, {"external_id": "1", "email": "a@x.org"})
    job = await imported(scope, "external_id,email\n1,b@x.org\n", overwrite=True)
    await create_contact(scope, {"external_id": "2", "email": "a@x.org"})
    back = await undone(scope, job)
    assert (back.progress["undo"]["undone"], back.progress["undo"]["kept"]) == (0, 1)
    assert await everyone(scope, "external_id", "email") == [("1", "b@x.org"), ("2", "a@x.org")]


async def test_an_import_is_undone_once_and_within_thirty_days(scope):
    job = await imported(scope, "email\na@x.org\n")
    await undone(scope, job)
    with pytest.raises(NotAllowedInState, match="taken back already"):
        await undone(scope, job)
    old = await imported(scope, "email\na@x.org\n")
    later = clock.now() + timedelta(days=31)
    clock.set_source(lambda: later)
    with pytest.raises(NotAllowedInState, match="for 30 days"):
        await undone(scope, old)


async def test_other_imports_cannot_be_undone(scope):
    with pytest.raises(NotAllowedInState, match="a dry run"):
        await undone(scope, await imported(scope, "email\na@x.org\n", dry_run=True))
    with pytest.raises(NotAllowedInState, match="still runs"):
        await undone(scope, await started(scope, "email\na@x.org\n"))
    with pytest.raises(NotFound):
        await undo.undo_import(scope, 999)
    theirs = await imported(await new_workspace("Other"), "email\na@x.org\n")
    with pytest.raises(NotFound):
        await undo.undo_import(scope, theirs.id)


async def test_a_large_import_is_undone_by_statistics_that_know_it(scope, monkeypatch, database):
    monkeypatch.setattr(undo, "AT_ONCE", 2)
    await db.execute("VACUUM (ANALYZE) contacts, import_changes")
    job = await imported(scope, "email\n" + "".join(f"c{number}@x.org\n" for number in range(50)))
    assert await known_rows(database, "import_changes") == 0
    await undo.undo_import(scope, job.id)
    async for _ in undo.carry_on(scope, await running_jobs.take(scope.workspace_id, job.id)):
        break
    assert await known_rows(database, "import_changes") == 50


async def test_workers_undo_a_large_import_chunk_by_chunk(scope, monkeypatch):
    monkeypatch.setattr(undo, "AT_ONCE", 2)
    monkeypatch.setattr(undo, "CHUNK", 2)
    job = await imported(scope, "email\n" + "".join(f"{n}@x.org\n" for n in range(7)))
    waiting = await undo.undo_import(scope, job.id)
    assert (waiting.status, waiting.progress.get("undone_at")) == ("QUEUED", None)
    held = await running_jobs.take(scope.workspace_id, job.id)
    async for _ in undo.carry_on(scope, held):
        break  # the worker dies after its first chunk
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 5
    await running_jobs.release(held)
    done = await finished(scope, job)
    assert (done.progress["undo"]["undone"], await everyone(scope, "id")) == (7, [])


@given(there=rows(False, 4), file=rows(True, 8).filter(bool), chosen=policies, at_once=st.integers(1, 3))
async def test_any_import_can_be_undone(clean, monkeypatch, there, file, chosen, at_once):
    if not any(any(row.values()) for row in file):
        return
    await clean()
    scope = await new_workspace()
    for contact in consistent(there):
        wanted = {name: stored(name, text) for name, text in contact.items()}
        await create_contact(scope, {**wanted, "tags": list(wanted["tags"] or ())})
    before = await snapshot(scope)
    monkeypatch.setattr(run, "CHUNK_ROWS", 3)
    monkeypatch.setattr(undo, "CHUNK", at_once)
    columns = [(name, name, chosen[name]) for name in FIELDS if name != "whatsapp_consent"]
    await undone(scope, await imported(scope, as_csv(file), *columns, overwrite=True))
    assert await snapshot(scope) == before
