"""The values of an export, in CSV and in NDJSON."""

import csv
import io
import json

import pytest

from models.contacts.create import create_contact
from models.transfers.exports import run
from models.transfers.exports.export_file import Format
from permissions.principal import Scope
from tests.kit.transfers import exported, fields_of_every_type
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


FULL = {
    "external_id": "=1",
    "name": 'Ana "la" García, ñ\nline',
    "first_name": "+Ana",
    "last_name": "'=García",
    "email": "+ana@example.com",
    "phone": "+34600111222",
    "timezone": "Europe/Madrid",
    "date_of_birth": "1990-02-28",
    "subscribed_at": "2026-01-02T03:04:05.123456Z",
    "last_interaction_at": "2026-06-02T03:04:05Z",
    "score": -5,
    "whatsapp_consent": "OPTED_OUT",
    "tags": ["VIP; new", "\\back", "-x"],
    "attributes": {
        "text": " @hello ",
        "number": -1.5,
        "boolean": False,
        "date": "2026-03-04",
        "datetime": "2026-03-04T09:00:00Z",
        "choice": "Blue; dark",
        "multi_choice": ["Red", "Blue; dark"],
    },
}
FIELDS = [*FULL, *(f"attributes.{key}" for key in FULL["attributes"])]
FIELDS.remove("attributes")


async def rows(scope: Scope, *args, **options) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((await exported(scope, *args, **options)).decode(), newline="")))


async def test_csv_follows_rfc_4180_and_guards_formulas(scope):
    await fields_of_every_type(scope)
    await create_contact(scope, FULL)
    content = await exported(scope, None, FIELDS)
    assert content.decode() == (
        ",".join(FIELDS) + "\r\n"
        '\'=1,"Ana ""la"" García, ñ\nline",\'+Ana,\'\'=García,'
        "'+ana@example.com,+34600111222,Europe/Madrid,1990-02-28,"
        "2026-01-02T03:04:05.123456Z,2026-06-02T03:04:05.000000Z,-5,OPTED_OUT,VIP\\; new;\\\\back;'-x,"
        "'@hello,-1.5,false,2026-03-04,2026-03-04T09:00:00.000000Z,Blue; dark,Red;Blue\\; dark\r\n"
    )


async def test_ndjson_has_one_object_per_line(scope):
    await fields_of_every_type(scope)
    await create_contact(scope, FULL)
    await create_contact(scope, {"name": 'quote " backslash \\ tab \t line \n .'})
    lines = (await exported(scope, None, [*FIELDS, "id"], Format.NDJSON)).decode().splitlines()
    first, second = map(json.loads, lines)
    assert first["attributes"] == {**FULL["attributes"], "text": "@hello", "datetime": "2026-03-04T09:00:00.000000Z"}
    assert (first["tags"], first["score"], first["external_id"]) == (FULL["tags"], -5, "=1")
    assert first["last_interaction_at"] == "2026-06-02T03:04:05.000000Z"
    assert second["name"] == 'quote " backslash \\ tab \t line \n .'
    assert (second["email"], second["attributes"], second["id"]) == (None, {}, "Q29udGFjdDoy")


async def test_a_byte_order_mark_begins_the_file_once(scope, monkeypatch):
    monkeypatch.setattr(run, "PART_IDS", 1)
    for name in ("Ana", "Bea"):
        await create_contact(scope, {"name": name})
    assert await exported(scope, None, ["name"], bom=True) == b"\xef\xbb\xbfname\r\nAna\r\nBea\r\n"


async def test_all_fields_are_written_when_none_are_named(scope):
    await fields_of_every_type(scope)
    await create_contact(scope, FULL)
    [row] = await rows(scope)
    assert list(row) == ["id", *FIELDS[:13], "created_at", "updated_at", *FIELDS[13:]]


async def test_an_export_without_contacts_has_its_header(scope):
    assert await exported(scope, None, ["email", "name"]) == b"email,name\r\n"
    assert await exported(scope, None, ["email"], Format.NDJSON) == b""
