"""The cells of a row become stored values."""

from datetime import UTC, date, datetime

import pytest

from models import db
from permissions.principal import Scope
from tests.kit.transfers import (
    counts,
    everyone,
    fields_of_every_type,
    imported,
    refused,
)
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def test_a_new_row_creates_a_contact_with_all_its_values(scope):
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


async def test_a_time_before_time_zones_is_local_mean_time(scope):
    """Madrid was 14 minutes and 44 seconds behind Greenwich, which no offset of RFC 3339 can say."""
    job = await imported(scope, "external_id,subscribed_at\n1,1880-06-01 12:00\n2,0001-01-01\n3,9999-12-31 23:59:59\n")
    assert counts(job) == {"created": 3}
    assert await everyone(scope, "subscribed_at::text") == [
        ("1880-06-01 12:14:44+00",),
        ("0001-01-01 00:14:44+00",),
        ("9999-12-31 22:59:59+00",),
    ]


async def test_a_bad_row_is_rejected_with_all_its_errors_and_the_others_are_imported(scope):
    job = await imported(
        scope,
        "email,phone,date_of_birth,name\nnot an address,12,1990-02-30,Ana\nb@x.org,600000001,1990-02-28,Bea\n"
        'c@x.org,,,"Cea\nd@x.org,,\ne@x.org,,,Eva,extra\nf@x.org,,,Fea,,\n',
    )
    assert counts(job) == {"created": 3, "rejected": 3}
    assert await everyone(scope, "email") == [("b@x.org",), ("d@x.org",), ("f@x.org",)]
    first, broken, long = await refused(scope, job)
    assert (first["import_line"], first["import_column"]) == ("2", "email; phone; date_of_birth")
    assert first["import_reason"].count(";") == 2
    assert (broken["import_line"], broken["import_reason"][:21]) == ("4", "the quotes do not mat")
    assert long["import_reason"] == "the row has 5 cells where the first row of the file has 4"


async def test_a_value_that_is_too_long_is_rejected(scope):
    job = await imported(scope, f"external_id,name\n1,{'x' * 501}\n{'y' * 201},Bea\n3,Cea\n")
    assert counts(job) == {"created": 1, "rejected": 2}


async def test_a_guarded_cell_is_read_as_it_was(scope):
    await imported(scope, "email,name\na@x.org,'=SUM(A1)\nb@x.org,''=x\nc@x.org,'quoted'\n")
    assert await everyone(scope, "name") == [("=SUM(A1)",), ("'=x",), ("'quoted'",)]
