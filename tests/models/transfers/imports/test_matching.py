"""Each row finds its contact."""

from dataclasses import replace

import pytest

from models import db
from models.contacts.create import create_contact
from models.identity.merge import merge_contacts
from models.transfers.imports import run
from models.transfers.imports.mapping import Column as ImportColumn
from models.transfers.imports.mapping import Policy
from permissions.capabilities import Permission
from permissions.principal import Principal, PrincipalKind, Scope
from schema.server.ids import to_global_id
from tests.kit.transfers import (
    counts,
    everyone,
    imported,
    refused,
)
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def contact(scope: Scope, **values):
    return await create_contact(scope, values)


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


async def test_without_create_unknown_rows_are_skipped(scope):
    await contact(scope, email="a@x.org")
    job = await imported(scope, "email,name\na@x.org,Ana\nb@x.org,Bea\n", create=False, overwrite=True)
    assert counts(job) == {"updated": 1, "skipped": 1}
    assert (await refused(scope, job))[0]["import_reason"] == "no contact has this, and `create` is off"


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
    assert row["import_reason"] == (
        f"external_id is that of the contact {to_global_id('Contact', 1)}, and email that of the contact"
        f" {to_global_id('Contact', 2)}: the row would join the two. Correct one of the cells, or empty it;"
        " if they are one person, merge them (contactsMerge)"
    )
    assert await everyone(scope, "name") == [(None,), (None,)]


async def test_contacts_are_not_named_to_callers_who_may_not_read_them(scope):
    await contact(scope, external_id="1", email="a@x.org")
    await contact(scope, external_id="2", email="b@x.org")
    importer = Principal(PrincipalKind.TOKEN, None, frozenset({Permission.CONTACT_IMPORT}))
    job = await imported(replace(scope, principal=importer), "external_id,email\n1,b@x.org\n", overwrite=True)
    assert (await refused(scope, job))[0]["import_reason"].startswith(
        "external_id is that of one contact, and email that of another: the row would join the two"
    )


async def test_a_new_external_id_for_a_known_email_is_refused_unless_asked(scope):
    await contact(scope, external_id="1", email="a@x.org")
    content = "external_id,email,name\n2,a@x.org,Ana\n"
    job = await imported(scope, content, overwrite=True)
    assert counts(job) == {"rejected": 1}
    [row] = await refused(scope, job)
    assert row["import_column"] == "external_id"
    assert row["import_reason"] == (
        f"the contact {to_global_id('Contact', 1)}, which has this email, has another external_id: correct the row, or"
        " set replaceExternalId to give the contact this one"
    )
    assert await everyone(scope, "external_id", "name") == [("1", None)]
    job = await imported(scope, content, overwrite=True, replace_external_id=True)
    assert counts(job) == {"updated": 1}
    assert await everyone(scope, "external_id", "name") == [("2", "Ana")]


async def test_an_external_id_goes_to_a_contact_without_one_or_found_by_id(scope):
    await contact(scope, email="a@x.org")
    await contact(scope, external_id="2", email="b@x.org")
    known = to_global_id("Contact", 2)
    job = await imported(scope, f"id,external_id,email\n,1,a@x.org\n{known},3,b@x.org\n", overwrite=True)
    assert counts(job) == {"updated": 2}
    assert await everyone(scope, "external_id") == [("1",), ("3",)]


async def test_a_later_row_about_the_same_contact_is_skipped(scope, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 2)
    job = await imported(
        scope,
        "external_id,email,phone\n1,a@x.org,600000001\n2,b@x.org,600000002\n,A@X.org,\n1,other@x.org,\n"
        ",,+34 600 000 002\n3,c@x.org,\n",
        overwrite=True,
    )
    assert counts(job) == {"created": 3, "skipped": 3}
    assert [row["import_reason"][-6:] for row in await refused(scope, job)] == ["line 2", "line 2", "line 3"]


async def test_a_rejected_row_does_not_make_the_next_one_a_repetition(scope):
    job = await imported(scope, "email,score\na@x.org,many\na@x.org,5\n")
    assert counts(job) == {"created": 1, "rejected": 1}


async def test_a_key_that_one_row_frees_can_be_taken_by_the_next(scope):
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


async def test_a_row_that_would_give_a_contact_too_many_tags_is_rejected(scope):
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


async def test_another_spelling_of_a_number_finds_its_contact(scope):
    await contact(scope, phone="+5511976500001", name="Ana")
    job = await imported(scope, "phone,name\n+55 11 7650-0001,Bea\n+5511976500001,Cleo\n", overwrite=True)
    assert counts(job) == {"updated": 1, "skipped": 1}
    assert await everyone(scope, "phone", "name") == [("+551176500001", "Bea")]
    assert "same contact as line 2" in (await refused(scope, job))[0]["import_reason"]


async def test_two_spellings_of_a_new_number_make_one_contact(scope):
    job = await imported(scope, "phone,name\n+5215512341001,Ana\n+525512341001,Bea\n", overwrite=True)
    assert counts(job) == {"created": 1, "skipped": 1}


async def test_contacts_of_before_with_one_number_are_found_by_their_other_keys(scope):
    await db.execute(
        "INSERT INTO contacts (workspace_id, external_id, phone, phone_twin)"
        " VALUES ($1, '1', '+5511976500001', 0), ($1, '2', '+551176500001', 1)",
        scope.workspace_id,
    )
    text = "external_id,phone,name\n1,+5511976500001,Ana\n2,+551176500001,Bea\n,+5511976500001,Cleo\n"
    job = await imported(scope, text, overwrite=True)
    assert counts(job) == {"updated": 2, "skipped": 1}
    assert await everyone(scope, "phone", "name") == [("+5511976500001", "Ana"), ("+551176500001", "Bea")]
    text = "external_id,phone\n2,+34600000001\n3,+551176500001\n"
    job = await imported(scope, text, overwrite=True, replace_external_id=True)
    assert counts(job) == {"updated": 2}
    assert await everyone(scope, "external_id", "phone") == [("3", "+551176500001"), ("2", "+34600000001")]


@pytest.mark.parametrize("policy", ["OVERWRITE", "REPLACE", "FILL_EMPTY"])
async def test_a_row_with_an_id_of_a_merged_contact_is_about_the_kept_one(scope, policy):
    kept = await contact(scope, email="ana@x.org", phone="+34600111222")
    merged = await contact(scope, email="old@x.org", phone="+34600999888")
    await merge_contacts(scope, kept["id"], merged["id"], {})
    columns = [ImportColumn(name, name, Policy(policy)) for name in ("email", "phone", "name")]
    job = await imported(scope, "email,phone,name\nold@x.org,600999888,Ana\n", *columns, overwrite=True)
    assert counts(job) == {"updated": 1}
    assert await everyone(scope, "email", "phone", "name") == [("ana@x.org", "+34600111222", "Ana")]
    by_id = f"id,name\n{to_global_id('Contact', merged['id'])},Ann\n"
    assert counts(await imported(scope, by_id, overwrite=True)) == {"updated": 1}
    assert await everyone(scope, "name") == [("Ann",)]
