"""Every row of an import has an outcome: created, updated, unchanged, skipped or rejected, and why."""

from datetime import UTC, date, datetime

import pytest

from models import db
from models.contacts import fields as contact_fields
from models.contacts.create import create_contact
from models.errors import Invalid
from models.membership import rebuild
from models.queue import jobs
from models.segments import segments
from models.segments.segments import SegmentKind
from models.transfers.imports import run, start
from models.transfers.imports.mapping import Options, Policy
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import TAGGED_VIP, static_segment
from tests.kit.transfers import (
    counts,
    everyone,
    fields_of_every_type,
    finished,
    imported,
    mapped,
    refused,
    sent,
    started,
)
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def contact(scope: Scope, **values):
    return await create_contact(scope, values)


# ---------------------------------------------------------------- new and known


async def test_new_rows_make_contacts_with_all_their_values(scope):
    await fields_of_every_type(scope)
    job = await imported(
        scope,
        "external_id,name,email,phone,date_of_birth,subscribed_at,score,whatsapp_consent,tags,"
        "attributes.text,attributes.number,attributes.boolean,attributes.date,attributes.datetime,attributes.choice,"
        "attributes.multi_choice\n"
        "7,Ana García, ANA@Example.com ,600 111 222,1990-02-28,2026-01-02T03:04:05+01:00,12,opted in,VIP; new ,"
        "hello,1.50,yes,2026-03-04,2026-03-04 10:00,RED,green;Blue\\; dark\n",
    )
    assert counts(job) == {"created": 1}
    columns = ("external_id", "name", "email", "phone", "date_of_birth", "subscribed_at", "score", "whatsapp_consent")
    assert await everyone(scope, *columns, "tags") == [
        ("7", "Ana García", "ana@example.com", "+34600111222", date(1990, 2, 28))
        + (datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC), 12, "OPTED_IN", ["VIP", "new"])
    ]
    [(attributes,)] = await everyone(scope, "attributes")
    assert db.load_json(attributes) == {
        "text": "hello",
        "number": 1.5,
        "boolean": True,
        "date": "2026-03-04",
        "datetime": "2026-03-04T09:00:00.000000Z",  # written without an offset: the workspace's zone
        "choice": "Red",
        "multi_choice": ["Green", "Blue; dark"],
    }


async def test_a_local_time_of_before_there_were_time_zones_is_one_of_its_place(scope):
    """Madrid was 14 minutes and 44 seconds behind Greenwich, which no offset of RFC 3339 can say."""
    job = await imported(scope, "external_id,subscribed_at\n1,1880-06-01 12:00\n2,0001-01-01\n3,9999-12-31 23:59:59\n")
    assert counts(job) == {"created": 3}
    assert await everyone(scope, "subscribed_at::text") == [
        ("1880-06-01 12:14:44+00",),
        ("0001-01-01 00:14:44+00",),
        ("9999-12-31 22:59:59+00",),
    ]


async def test_known_contacts_are_skipped_unless_they_may_be_overwritten(scope):
    await contact(scope, email="a@x.org", name="Ana")
    job = await imported(scope, "email,name\na@x.org,Other\nb@x.org,Bea\n")
    assert counts(job) == {"created": 1, "skipped": 1}
    assert await everyone(scope, "email", "name") == [("a@x.org", "Ana"), ("b@x.org", "Bea")]
    assert await refused(scope, job) == [
        {
            "import_line": "2",
            "import_column": "email",
            "import_reason": "there is a contact with this already, and `overwrite` is off",
            "email": "a@x.org",
            "name": "Other",
        }
    ]


async def test_with_overwrite_what_differs_is_updated_and_the_rest_unchanged(scope):
    await contact(scope, email="a@x.org", name="Ana", tags=["one", "two"], score=3)
    await contact(scope, email="b@x.org", name="Bea")
    before = await everyone(scope, "updated_at")
    job = await imported(scope, "email,name,tags,score\na@x.org,,TWO;one,\nb@x.org,Beatriz,,\n", overwrite=True)
    assert counts(job) == {"updated": 1, "unchanged": 1}
    assert await everyone(scope, "name", "tags", "score") == [("Ana", ["one", "two"], 3), ("Beatriz", [], 0)]
    after = await everyone(scope, "updated_at")
    assert (after[0] == before[0], after[1] > before[1]) == (True, True)


async def test_without_create_unknown_rows_are_skipped(scope):
    await contact(scope, email="a@x.org")
    job = await imported(scope, "email,name\na@x.org,Ana\nb@x.org,Bea\n", create=False, overwrite=True)
    assert counts(job) == {"updated": 1, "skipped": 1}
    assert (await refused(scope, job))[0]["import_reason"] == "no contact has this, and `create` is off"


# ---------------------------------------------------------------- which contact


async def test_the_external_id_decides_before_the_email_and_the_email_before_the_phone(scope):
    await contact(scope, external_id="1", email="old@x.org")
    await contact(scope, email="b@x.org", phone="+34600000001")
    job = await imported(
        scope, "external_id,email,phone\n1,new@x.org,\n,b@x.org,600 000 002\n,,600000002\n", overwrite=True
    )
    assert counts(job) == {"updated": 2, "skipped": 1}
    assert await everyone(scope, "external_id", "email", "phone") == [
        ("1", "new@x.org", None),
        (None, "b@x.org", "+34600000002"),
    ]
    assert (await refused(scope, job))[0]["import_reason"] == "the row is about the same contact as line 3"


async def test_a_row_that_would_join_two_contacts_is_rejected(scope):
    await contact(scope, external_id="1", email="a@x.org")
    await contact(scope, external_id="2", email="b@x.org")
    job = await imported(scope, "external_id,email,name\n1,b@x.org,Ana\n", overwrite=True)
    assert counts(job) == {"rejected": 1}
    [row] = await refused(scope, job)
    assert row["import_column"] == "external_id; email"
    assert "the row would join the two" in row["import_reason"]
    assert await everyone(scope, "name") == [(None,), (None,)]


async def test_a_later_row_about_the_same_contact_is_skipped_by_whatever_key(scope, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 2)
    job = await imported(
        scope,
        "external_id,email,phone\n1,a@x.org,600000001\n2,b@x.org,600000002\n,A@X.org,\n1,other@x.org,\n"
        ",,+34 600 000 002\n3,c@x.org,\n",
        overwrite=True,
    )
    assert counts(job) == {"created": 3, "skipped": 3}
    assert [row["import_reason"][-6:] for row in await refused(scope, job)] == ["line 2", "line 2", "line 3"]


async def test_the_row_after_a_rejected_one_takes_its_place(scope):
    job = await imported(scope, "email,score\na@x.org,many\na@x.org,5\n")
    assert counts(job) == {"created": 1, "rejected": 1}


async def test_a_key_that_one_row_gives_up_is_free_for_the_next(scope):
    await contact(scope, external_id="1", email="a@x.org")
    await contact(scope, external_id="2", email="b@x.org")
    job = await imported(scope, "external_id,email\n1,c@x.org\n2,a@x.org\n3,b@x.org\n", overwrite=True)
    assert counts(job) == {"updated": 2, "created": 1}
    assert await everyone(scope, "external_id", "email") == [("1", "c@x.org"), ("2", "a@x.org"), ("3", "b@x.org")]


async def test_muster_s_own_id_finds_a_contact_that_has_no_other_key(scope):
    await contact(scope, name="Nobody")
    [(number,)] = await everyone(scope, "id")
    known, unknown = to_global_id("Contact", number), to_global_id("Contact", 999_999)
    job = await imported(scope, f"id,name\n{known},Somebody\n{unknown},Who\nnonsense,Who\n", overwrite=True)
    assert counts(job) == {"updated": 1, "rejected": 2}
    assert [row["import_reason"] for row in await refused(scope, job)] == [
        "there is no contact with this id",
        "'nonsense' is not the id of a contact",
    ]


async def test_a_row_without_any_key_is_rejected(scope):
    job = await imported(scope, "email,phone,name\n,,Ana\n")
    assert counts(job) == {"rejected": 1}
    assert (await refused(scope, job))[0]["import_reason"].startswith("the row has no email and no phone")


# ---------------------------------------------------------------- bad rows


async def test_a_bad_row_costs_no_other_and_tells_all_that_is_wrong_in_it(scope):
    job = await imported(
        scope,
        "email,phone,date_of_birth,name\nnot an address,12,1990-02-30,Ana\nb@x.org,600000001,1990-02-28,Bea\n"
        'c@x.org,,,"Cea\nd@x.org,,\ne@x.org,,,Eva,extra\nf@x.org,,,Fea,,\n',
    )
    assert counts(job) == {"created": 2, "rejected": 4}
    assert await everyone(scope, "email") == [("b@x.org",), ("f@x.org",)]
    first, broken, short, long = await refused(scope, job)
    assert (first["import_line"], first["import_column"]) == ("2", "email; phone; date_of_birth")
    assert first["import_reason"].count(";") == 2
    assert (broken["import_line"], broken["import_reason"][:21]) == ("4", "the quotes do not mat")
    assert short["import_reason"] == "the row has 3 cells where the first row of the file has 4"
    assert long["import_reason"] == "the row has 5 cells where the first row of the file has 4"


async def test_what_can_not_be_stored_is_rejected(scope):
    job = await imported(scope, f"external_id,name\n1,{'x' * 501}\n{'y' * 201},Bea\n3,Cea\n")
    assert counts(job) == {"created": 1, "rejected": 2}


async def test_too_many_tags_are_rejected_also_when_they_come_on_top(scope):
    await contact(scope, email="a@x.org", tags=[f"old {n}" for n in range(199)])
    many = ";".join(f"tag {n}" for n in range(201))
    job = await imported(
        scope,
        f"email,tags\na@x.org,new\nb@x.org,{many}\nc@x.org,one\n",
        "email",
        ("tags", "tags", Policy.MERGE),
        overwrite=True,
        add_tags=("imported",),
    )
    assert counts(job) == {"created": 1, "rejected": 2}
    assert (await refused(scope, job))[0]["import_reason"] == "the contact would hold 201 tags: at most 200 fit"


# ---------------------------------------------------------------- policies


async def test_an_empty_cell_clears_under_replace_alone(scope):
    await fields_of_every_type(scope)
    full = {
        "name": "Ana",
        "phone": "+34600000001",
        "score": 3,
        "tags": ["vip"],
        "whatsapp_consent": "OPTED_IN",
        "attributes": {"text": "hello", "number": 1},
    }
    for address in ("overwrite@x.org", "fill_empty@x.org", "replace@x.org"):
        await contact(scope, email=address, **full)
        full["phone"] = full["phone"][:-1] + str(int(full["phone"][-1]) + 1)
    fields = ("name", "phone", "score", "tags", "whatsapp_consent", "attributes.text", "attributes.number")
    for policy in (Policy.OVERWRITE, Policy.FILL_EMPTY, Policy.REPLACE):
        content = f"email,{','.join(fields)}\n{policy.lower()}@x.org,,,,,,,\n"
        job = await imported(scope, content, "email", *((name, name, policy) for name in fields), overwrite=True)
        assert counts(job) == ({"updated": 1} if policy is Policy.REPLACE else {"unchanged": 1})
    kept, filled, cleared = await everyone(scope, "name", "phone", "score", "tags", "whatsapp_consent", "attributes")
    assert (kept[0], filled[2], cleared) == ("Ana", 3, (None, None, 0, [], "UNKNOWN", "{}"))


async def test_fill_empty_writes_only_where_there_is_nothing(scope):
    await fields_of_every_type(scope)
    await contact(scope, external_id="1", name="Ana", score=1, tags=["old"], attributes={"text": "old"})
    await contact(scope, external_id="2")
    fields = ("name", "email", "score", "tags", "whatsapp_consent", "attributes.text", "attributes.number")
    job = await imported(
        scope,
        f"external_id,{','.join(fields)}\n1,New,a@x.org,9,new,OPTED_IN,new,5\n2,New,b@x.org,9,new,OPTED_IN,new,5\n",
        "external_id",
        *((name, name, Policy.FILL_EMPTY) for name in fields),
        overwrite=True,
    )
    assert counts(job) == {"updated": 2}
    rows = await everyone(scope, "name", "email", "score", "tags", "whatsapp_consent", "attributes")
    assert rows[0][:5] == ("Ana", "a@x.org", 1, ["old"], "OPTED_IN")
    assert db.load_json(rows[0][5]) == {"text": "old", "number": 5}
    assert rows[1][:5] == ("New", "b@x.org", 9, ["new"], "OPTED_IN")


async def test_merge_adds_tags_and_choices_to_those_that_are_there(scope):
    await fields_of_every_type(scope)
    await contact(scope, email="a@x.org", tags=["VIP"], attributes={"multi_choice": ["Green"], "text": "kept"})
    job = await imported(
        scope,
        "email,tags,colours\na@x.org,vip;new,RED\nb@x.org,new,red\n",
        "email",
        ("tags", "tags", Policy.MERGE),
        ("colours", "attributes.multi_choice", Policy.MERGE),
        overwrite=True,
    )
    assert counts(job) == {"updated": 1, "created": 1}
    (tags, attributes), _ = await everyone(scope, "tags", "attributes")
    assert (tags, db.load_json(attributes)) == (["VIP", "new"], {"multi_choice": ["Red", "Green"], "text": "kept"})
    again = await imported(scope, "email,tags\na@x.org,NEW\n", "email", ("tags", "tags", Policy.MERGE), overwrite=True)
    assert counts(again) == {"unchanged": 1}


@pytest.mark.parametrize("policy", list(Policy)[:2] + [Policy.REPLACE])
@pytest.mark.parametrize("cell", ["OPTED_IN", "UNKNOWN", ""])
async def test_an_import_never_turns_an_opt_out_into_anything_else(scope, policy, cell):
    await contact(scope, email="a@x.org", whatsapp_consent="OPTED_OUT")
    columns = ("email", ("whatsapp_consent", "whatsapp_consent", policy), "name")
    await imported(scope, f"email,whatsapp_consent,name\na@x.org,{cell},Ana\n", *columns, overwrite=True)
    assert await everyone(scope, "whatsapp_consent", "name") == [("OPTED_OUT", "Ana")]


async def test_an_opt_out_is_taken_in(scope):
    await contact(scope, email="a@x.org", whatsapp_consent="OPTED_IN")
    await imported(scope, "email,whatsapp_consent\na@x.org,OPTED_OUT\n", overwrite=True)
    assert await everyone(scope, "whatsapp_consent") == [("OPTED_OUT",)]


# ---------------------------------------------------------------- tags and segments


async def test_each_row_that_is_taken_in_gets_the_tags_as_the_workspace_spells_them(scope):
    await contact(scope, email="a@x.org", tags=["Newsletter"])
    await contact(scope, email="b@x.org")
    job = await imported(scope, "email\na@x.org\nb@x.org\nc@x.org\n", overwrite=True, add_tags=("NEWSLETTER", "2026"))
    assert counts(job) == {"updated": 2, "created": 1}
    assert await everyone(scope, "tags") == [(["Newsletter", "2026"],)] * 3
    assert counts(await imported(scope, "email\na@x.org\n", overwrite=True, add_tags=("2026",))) == {"unchanged": 1}


async def test_known_contacts_join_the_segment_only_when_they_may_be_overwritten(scope):
    first = await contact(scope, email="a@x.org")
    segment = await static_segment(scope, [])
    rows = "email\na@x.org\nb@x.org\nnonsense\n"
    await imported(scope, rows, add_to_segment_id=segment.id)
    members = await db.fetch("SELECT contact_id, origin FROM memberships")
    assert [tuple(row) for row in members] == [(first["id"] + 1, "IMPORT")]
    job = await imported(scope, rows, add_to_segment_id=segment.id, overwrite=True)
    assert counts(job) == {"unchanged": 2, "rejected": 1}
    assert await db.fetch_value("SELECT count(*) FROM memberships") == 2
    await settled(scope)
    await assert_all_is_right(scope)


async def test_the_segment_lists_the_import_as_a_use_that_ends_with_it(scope):
    segment = await static_segment(scope, [])
    job = await started(scope, "email\na@x.org\n", add_to_segment_id=segment.id)
    use = "SELECT kind, used_by_id, active FROM segment_uses"
    assert tuple(await db.fetch_row(use)) == ("IMPORT", job.id, True)
    await finished(scope, job)
    assert tuple(await db.fetch_row(use)) == ("IMPORT", job.id, False)


async def test_dynamic_segments_follow_an_import(scope):
    segment = (await segments.create(scope, SegmentKind.DYNAMIC, name="VIP", rule=TAGGED_VIP)).segment
    await rebuild.rebuild(scope.workspace_id, segment.id)
    await imported(scope, "email,tags\na@x.org,vip\nb@x.org,\n")
    await settled(scope)
    await assert_all_is_right(scope)
    await imported(scope, "email,tags\na@x.org,other\nb@x.org,vip\n", overwrite=True)
    await settled(scope)
    await assert_all_is_right(scope)
    assert await db.fetch_value("SELECT count(*) FROM memberships") == 1


async def test_only_the_fields_that_changed_are_marked(scope):
    await fields_of_every_type(scope)
    await contact(scope, email="a@x.org", name="Ana", attributes={"text": "x", "number": 1})
    await db.execute("DELETE FROM dirty_contacts")
    content = "email,name,score,attributes.text,attributes.number\na@x.org,Ana,5,y,1\nb@x.org,B,,,\n"
    await imported(scope, content, overwrite=True)
    rows = await db.fetch("SELECT fields, bulk FROM dirty_contacts ORDER BY id")
    assert {(frozenset(row["fields"]), row["bulk"]) for row in rows} == {
        (frozenset({"*"}), True),
        (frozenset({"updated_at", "score", "attributes.text"}), True),
    }


# ---------------------------------------------------------------- the file as a whole


async def test_the_five_outcomes_add_up_to_the_rows(scope, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 3)
    await contact(scope, email="same@x.org", name="Same")
    await contact(scope, email="other@x.org")
    job = await imported(
        scope, "email,name\nnew@x.org,N\n\nsame@x.org,Same\nother@x.org,O\nnew@x.org,M\nbad,B\n", overwrite=True
    )
    assert counts(job) == {"created": 1, "updated": 1, "unchanged": 1, "skipped": 1, "rejected": 1}
    assert (job.done, job.total, job.status) == (5, 5, "SUCCEEDED")


async def test_a_file_without_a_header_is_mapped_by_numbers(scope):
    job = await imported(scope, "Ana,a@x.org\nBea,b@x.org\n", ("1", "email"), ("0", "name"), has_header=False)
    assert counts(job) == {"created": 2}
    assert await everyone(scope, "name", "email") == [("Ana", "a@x.org"), ("Bea", "b@x.org")]


async def test_a_cell_that_an_export_guarded_is_read_as_it_was(scope):
    await imported(scope, "email,name\na@x.org,'=SUM(A1)\nb@x.org,''=x\nc@x.org,'quoted'\n")
    assert await everyone(scope, "name") == [("=SUM(A1)",), ("'=x",), ("'quoted'",)]


async def test_other_workspaces_are_neither_read_nor_written(scope):
    stranger = await new_workspace("Other")
    await create_contact(stranger, {"email": "a@x.org", "name": "Theirs"})
    job = await imported(scope, "email,name\na@x.org,Ours\n", overwrite=True)
    assert counts(job) == {"created": 1}
    assert await everyone(stranger, "email", "name") == [("a@x.org", "Theirs")]


async def test_a_field_that_is_deleted_meanwhile_ends_the_import_with_a_reason(scope):
    await fields_of_every_type(scope)
    job = await started(scope, "email,attributes.text\na@x.org,hello\n")
    field = next(one for one in await contact_fields.every(scope) if one.key == "text")
    await contact_fields.delete(scope, field.id)
    held = await jobs.take(scope.workspace_id, job.id)
    with pytest.raises(Exception, match="there is no field 'attributes.text'"):
        async for _ in run.carry_on(scope, held):
            pass
    assert await everyone(scope, "email") == []


async def test_a_field_that_is_deleted_between_two_chunks_ends_the_import_with_a_reason(scope, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 1)
    await fields_of_every_type(scope)
    job = await started(scope, "email,attributes.text\na@x.org,hello\nb@x.org,hello\n")
    held = await jobs.take(scope.workspace_id, job.id)
    with pytest.raises(Invalid, match="the custom field 'text' was deleted or changed"):
        async for _ in run.carry_on(scope, held):
            if held.done == 1:
                field = next(one for one in await contact_fields.every(scope) if one.key == "text")
                await contact_fields.delete(scope, field.id)
    assert await everyone(scope, "email") == [("a@x.org",)]


# ---------------------------------------------------------------- dry runs


async def test_a_dry_run_counts_and_reports_and_changes_nothing(scope, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 2)
    await contact(scope, external_id="1", email="a@x.org", name="Ana")
    await contact(scope, external_id="2", email="b@x.org", name="Bea")
    segment = await static_segment(scope, [])
    content = (
        "external_id,email,name,tags\n1,c@x.org,Ana,\n9,a@x.org,New,brandnew\n2,b@x.org,Bea,\n9,z@x.org,Again,\n"
        ",c@x.org,Again,\nbad,bad,Bad,\n2,a@x.org,Joins,\n"
    )
    options = {"overwrite": True, "add_to_segment_id": segment.id}
    tables = ("contacts", "tags", "memberships", "dirty_contacts", "membership_changes", "segment_uses")
    before = [await db.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    dry = await imported(scope, content, dry_run=True, **options)
    assert before == [await db.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]
    told = await refused(scope, dry)
    assert await db.fetch_value("SELECT count(*) FROM import_dry_keys") == 0
    assert await db.fetch_value("SELECT count(*) FROM import_changes") == 0
    wet = await imported(scope, content, **options)
    assert counts(dry) == counts(wet) == {"created": 1, "updated": 1, "unchanged": 1, "skipped": 2, "rejected": 2}
    assert told == await refused(scope, wet)


async def test_an_upload_can_be_imported_again_and_again(scope):
    upload = await sent(scope, "email\na@x.org\n")
    dry = await start.from_upload(scope, upload, Options(mapped("email"), dry_run=True))
    dry = await finished(scope, dry)
    first = await finished(scope, await start.from_upload(scope, upload, Options(mapped("email"))))
    again = Options(mapped("email"), overwrite=True)
    second = await finished(scope, await start.from_upload(scope, upload, again))
    assert (counts(dry), counts(first), counts(second)) == ({"created": 1}, {"created": 1}, {"unchanged": 1})
    assert await everyone(scope, "email") == [("a@x.org",)]
