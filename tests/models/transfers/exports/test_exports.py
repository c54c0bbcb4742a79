"""Contacts on their way out, and in again."""

import csv
import io
import json
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models import clock, db
from models.contacts import contacts
from models.contacts.selections import ContactSelection
from models.errors import DomainError, NotFound, Problems
from models.queue import jobs
from models.transfers.exports import exports
from models.transfers.exports.exports import Format
from permissions.principal import Scope
from tests.kit.segments import TAGGED_VIP, many_contacts, static_segment
from tests.kit.transfers import counts, exported, fields_of_every_type, imported, snapshot
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


FULL = {
    "external_id": "=1",
    "name": 'Ana "la" García, ñ\nline',
    "email": "+ana@example.com",
    "phone": "+34600111222",
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


# ---------------------------------------------------------------- what is written


async def test_csv_is_rfc_4180_and_harmless_to_spreadsheets(scope):
    await fields_of_every_type(scope)
    await contacts.create(scope, FULL)
    content = await exported(scope, None, FIELDS)
    assert content.decode() == (
        ",".join(FIELDS) + "\r\n"
        '\'=1,"Ana ""la"" García, ñ\nline",\'+ana@example.com,+34600111222,1990-02-28,'
        "2026-01-02T03:04:05.123456+00:00,2026-06-02T03:04:05+00:00,-5,OPTED_OUT,VIP\\; new;\\\\back;-x,"
        " @hello ,-1.5,false,2026-03-04,2026-03-04T09:00:00.000000Z,Blue; dark,Red;Blue\\; dark\r\n"
    )


async def test_ndjson_has_an_object_a_line_with_values_as_they_are(scope):
    await fields_of_every_type(scope)
    await contacts.create(scope, FULL)
    await contacts.create(scope, {"name": 'quote " backslash \\ tab \t line \n .'})
    lines = (await exported(scope, None, [*FIELDS, "id"], Format.NDJSON)).decode().splitlines()
    first, second = map(json.loads, lines)
    assert first["attributes"] == {**FULL["attributes"], "datetime": "2026-03-04T09:00:00.000000Z"}
    assert (first["tags"], first["score"], first["external_id"]) == (FULL["tags"], -5, "=1")
    assert second["name"] == 'quote " backslash \\ tab \t line \n .'
    assert (second["email"], second["attributes"], second["id"]) == (None, {}, "Q29udGFjdDoy")


async def test_all_fields_are_written_when_none_are_named(scope):
    await fields_of_every_type(scope)
    await contacts.create(scope, FULL)
    [row] = await rows(scope)
    assert list(row) == ["id", *FIELDS[:10], "created_at", "updated_at", *FIELDS[10:]]


async def test_an_export_of_nobody_has_its_header(scope):
    assert await exported(scope, None, ["email", "name"]) == b"email,name\r\n"
    assert await exported(scope, None, ["email"], Format.NDJSON) == b""


async def test_contacts_are_chosen_by_ids_rule_search_or_segment(scope):
    numbers = [
        (await contacts.create(scope, {"email": f"{n}@x.org", "tags": tags}))["id"]
        for n, tags in enumerate(([], ["vip"], []))
    ]
    segment = await static_segment(scope, numbers[2:])
    for selection, expected in (
        (ContactSelection(ids=(numbers[0],)), ["0@x.org"]),
        (ContactSelection(filter=TAGGED_VIP), ["1@x.org"]),
        (ContactSelection(search="2@X"), ["2@x.org"]),
        (ContactSelection(segment_id=segment.id), ["2@x.org"]),
        (None, ["0@x.org", "1@x.org", "2@x.org"]),
    ):
        assert [row["email"] for row in await rows(scope, selection, ["email"])] == expected


async def test_the_segment_lists_the_export_as_a_use_that_ends_with_it(scope):
    segment = await static_segment(scope, [])
    await exported(scope, ContactSelection(segment_id=segment.id))
    assert tuple(await db.fetch_row("SELECT kind, segment_id, active FROM segment_uses")) == (
        "EXPORT",
        segment.id,
        False,
    )


async def test_another_workspace_exports_its_own(scope):
    await contacts.create(await new_workspace("Other"), {"email": "theirs@x.org"})
    assert await rows(scope) == []


@pytest.mark.parametrize(
    ("selection", "fields", "path"),
    [
        (None, ["email", "nothing"], ("fields", "1")),
        (None, ["email", "email"], ("fields", "1")),
        (None, ["attributes.nothing"], ("fields", "0")),
        (None, [], ("fields",)),
        (ContactSelection(segment_id=77), None, ("contacts", "segmentId")),
        (ContactSelection(ids=(77,)), None, ("contacts", "ids", "0")),
        (ContactSelection(search=" "), None, ("contacts", "search")),
    ],
)
async def test_a_mistake_is_told_at_its_path(scope, selection, fields, path):
    with pytest.raises((DomainError, Problems)) as caught:
        await exports.start(scope, selection, fields, Format.CSV)
    error = caught.value.errors[0] if isinstance(caught.value, Problems) else caught.value
    assert error.path == path
    assert await db.fetch_value("SELECT count(*) FROM jobs") == 0


# ---------------------------------------------------------------- and in again


async def test_what_went_out_comes_in_unchanged(scope):
    await fields_of_every_type(scope)
    await contacts.create(scope, FULL)
    await contacts.create(scope, {"name": "without any key"})
    before = await snapshot(scope)
    job = await imported(scope, await exported(scope, None, ["id", *FIELDS]), overwrite=True)
    assert counts(job) == {"unchanged": 2}
    assert await snapshot(scope) == before


tricky = st.text(alphabet="'=+-@\t\n\r;\\,\" é1a＝", max_size=6)
texts = st.one_of(tricky, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=10))
words = texts.map(str.strip).filter(bool)
numbers = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
contact = st.fixed_dictionaries(
    {"tags": st.lists(words, max_size=3)},
    optional={
        "name": texts,
        "external_id": words,
        "date_of_birth": st.dates().map(str),
        "subscribed_at": st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
        "score": st.integers(-(2**31), 2**31 - 1),
        "attributes": st.fixed_dictionaries(
            {},
            optional={
                "text": texts,
                "number": numbers,
                "boolean": st.booleans(),
                "date": st.dates().map(str),
                "choice": st.sampled_from(["Red", "Blue; dark"]),
                "multi_choice": st.lists(st.sampled_from(["Red", "Green", "Blue; dark"]), max_size=3),
            },
        ),
    },
)


@pytest.fixture
async def emptied(database: str):
    """A workspace with every type of field, emptied for each example."""
    scope = await new_workspace()
    await fields_of_every_type(scope)

    async def empty() -> Scope:
        for table in ("contacts", "tags", "jobs", "import_changes", "import_refusals", "uploads"):
            await db.execute(f"DELETE FROM {table}")
        return scope

    return empty


@example([{"tags": [], "date_of_birth": "0001-01-01"}, {"tags": [], "subscribed_at": "9999-12-31T23:59:59.999999Z"}])
@given(st.lists(contact, max_size=4))
async def test_whatever_went_out_comes_in_unchanged(emptied, made):
    scope = await emptied()
    for values in made:
        try:
            await contacts.create(scope, values)
        except Problems:
            continue  # not a contact that there can be
    before = await snapshot(scope)
    if not before:
        return
    job = await imported(scope, await exported(scope, None, ["id", *FIELDS]), overwrite=True)
    assert counts(job) == {"unchanged": len(before)}
    assert await snapshot(scope) == before


# ---------------------------------------------------------------- part by part


async def test_an_export_goes_on_after_the_last_part_that_was_written(scope, monkeypatch):
    monkeypatch.setattr(exports, "PART_IDS", 10)
    await many_contacts(scope, 35)
    whole = await exported(scope, None, ["name"])
    job = await exports.start(scope, None, ["name"], Format.CSV)
    for _ in range(100):
        held = await jobs.take(scope.workspace_id, job.id)
        async for _ in exports.carry_on(scope, held):
            break  # the worker dies after each step
        else:
            await jobs.finish(held)
            break
        await jobs.release(held)
    file = await exports.get_file(scope, job.id)
    assert (len(file.keys), file.size) == (4, len(whole))
    assert b"".join([block async for block in exports.blocks(file)]) == whole
    assert (held.done, held.total) == (35, 35)


async def test_a_cancelled_export_leaves_nothing(scope, monkeypatch, file_folder):
    monkeypatch.setattr(exports, "PART_IDS", 10)
    await many_contacts(scope, 35)
    segment = await static_segment(scope, [1, 2])
    job = await exports.start(scope, ContactSelection(segment_id=segment.id), None, Format.CSV)
    held = await jobs.take(scope.workspace_id, job.id)
    steps = exports.carry_on(scope, held)
    await anext(steps)
    await anext(steps)
    await jobs.ask_cancel(scope, job.id)
    await jobs.renew(held)
    await steps.aclose()
    assert [one for one in file_folder.rglob("*") if one.is_file()] == []
    assert await db.fetch_value("SELECT active FROM segment_uses") is False


async def test_a_file_can_be_fetched_for_a_week_and_by_its_workspace_alone(scope):
    job = await exports.start(scope, None, None, Format.CSV)
    with pytest.raises(NotFound):
        await exports.get_file(scope, job.id)
    held = await jobs.take(scope.workspace_id, job.id)
    async for _ in exports.carry_on(scope, held):
        pass
    await jobs.finish(held)
    await exports.get_file(scope, job.id)
    with pytest.raises(NotFound):
        await exports.get_file(await new_workspace("Other"), job.id)
    later = clock.now() + timedelta(days=8)
    clock.set_source(lambda: later)
    with pytest.raises(NotFound):
        await exports.get_file(scope, job.id)
