"""A cell that can't be read rejects its row, or is left out of it."""

from datetime import date

import pytest

from models import db
from models.contacts.create import create_contact
from models.transfers.imports import start
from models.transfers.imports.mapping import BadCell, Column, Options, Policy
from permissions.principal import Scope
from tests.kit.transfers import counts, everyone, fields_of_every_type, finished, refused, sent
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def imported_leaving_out(scope: Scope, content: str, policy: Policy = Policy.OVERWRITE, **options):
    """Every column but the first may be left out."""
    first, *others = content.splitlines()[0].split(",")
    columns = [Column(first, first), *(Column(name, name, policy, BadCell.LEAVE_OUT) for name in others)]
    upload_id = await sent(scope, content)
    return await finished(scope, await start.from_upload(scope, upload_id, Options(tuple(columns), **options)))


async def test_the_row_goes_in_without_the_cell_and_the_report_says_so(scope):
    job = await imported_leaving_out(
        scope, "email,date_of_birth,name\na@x.org,31/31/1990,Ana\nb@x.org,1990-12-31,Bea\n"
    )
    assert counts(job) == {"created": 2, "partial": 1}
    assert await everyone(scope, "name", "date_of_birth") == [("Ana", None), ("Bea", date(1990, 12, 31))]
    [row] = await refused(scope, job)
    assert (row["import_line"], row["import_column"], row["name"]) == ("2", "date_of_birth", "Ana")
    assert row["import_reason"].startswith("the row went in without this: '31/31/1990' is not a calendar day")


async def test_a_row_that_cannot_be_read_elsewhere_is_rejected_with_all_its_errors(scope):
    job = await imported_leaving_out(scope, "email,score\nnone,many\n")
    assert counts(job) == {"rejected": 1}
    assert (await refused(scope, job))[0]["import_column"] == "email; score"


async def test_a_row_without_any_key_that_can_be_read_is_rejected_with_the_reason(scope):
    job = await imported_leaving_out(scope, "name,email,phone\nAna,none,600000001\nBea,none,12\n")
    assert counts(job) == {"created": 1, "rejected": 1, "partial": 1}
    [partial, rejected] = await refused(scope, job)
    assert partial["import_column"] == "email"
    assert rejected["import_reason"].startswith("the row has no email and no phone")
    assert "besides, email; phone: this is not an e-mail address" in rejected["import_reason"]
    assert await everyone(scope, "name", "phone") == [("Ana", "+34600000001")]


async def test_a_skipped_row_is_skipped_and_says_what_else_is_wrong(scope):
    await create_contact(scope, {"email": "a@x.org"})
    job = await imported_leaving_out(scope, "email,score\na@x.org,many\n")
    assert counts(job) == {"skipped": 1}
    assert "besides, score: 'many' is not a number" in (await refused(scope, job))[0]["import_reason"]


async def test_a_cell_that_was_left_out_clears_nothing(scope):
    await fields_of_every_type(scope)
    held = {
        "external_id": "1",
        "email": "a@x.org",
        "score": 7,
        "date_of_birth": "1990-12-31",
        "tags": ["vip"],
        "attributes": {"number": 5, "text": "there"},
    }
    await create_contact(scope, held)
    header = "external_id,email,score,date_of_birth,tags,attributes.number,attributes.text"
    job = await imported_leaving_out(
        scope, f"{header}\n1,none,many,never,{'x' * 101},many,\n", Policy.REPLACE, overwrite=True
    )
    assert counts(job) == {"updated": 1, "partial": 1}
    [(email, score, born, tags, attributes)] = await everyone(
        scope, "email", "score", "date_of_birth", "tags", "attributes"
    )
    assert (email, score, born, tags) == ("a@x.org", 7, date(1990, 12, 31), ["vip"])
    assert db.load_json(attributes) == {"number": 5}  # the empty cell has cleared the text


async def test_a_corrected_report_completes_the_contact(scope):
    first = await imported_leaving_out(scope, "email,score\na@x.org,many\n")
    [row] = await refused(scope, first)
    content = f"email,score\n{row['email']},12\n"
    second = await imported_leaving_out(scope, content, overwrite=True)
    assert counts(second) == {"updated": 1}
    assert await everyone(scope, "score") == [(12,)]


async def test_a_dry_run_counts_partial_rows_as_well(scope):
    job = await imported_leaving_out(scope, "email,score\na@x.org,many\n", dry_run=True)
    assert counts(job) == {"created": 1, "partial": 1}
    assert await everyone(scope, "email") == []
