"""An import of an export changes nothing."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models import db
from models.contacts.create import create_contact
from models.errors import Problems
from models.transfers.exports.export_file import Format
from permissions.principal import Scope
from tests.kit.transfers import counts, exported, fields_of_every_type, imported, snapshot
from tests.kit.workspaces import new_workspace
from tests.models.transfers.exports.test_columns import FIELDS, FULL


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


WAYS = {"CSV": {}, "CSV with a mark": {"bom": True}, "XLSX": {"file_format": Format.XLSX}}
ALL = [*FIELDS, "id"]


async def imported_again(scope: Scope, **way):
    return await imported(scope, await exported(scope, None, ALL, **way), *ALL, overwrite=True)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_exported_contacts_are_unchanged_by_an_import(scope, way):
    await fields_of_every_type(scope)
    await create_contact(scope, FULL)
    await create_contact(scope, {"name": "without any key"})
    before = await snapshot(scope)
    job = await imported_again(scope, **way)
    assert counts(job) == {"unchanged": 2}
    assert await snapshot(scope) == before


tricky = st.text(alphabet="'=+-@\t\n\r;|\\,\" é1a＝", max_size=6)
escapes = st.sampled_from(["_x000D_", "_x005F_", "a\x01b", "\x0b", "\ufffe", "\uffff", "TRUE", "1e5", "007", " a "])
texts = st.one_of(
    tricky, escapes, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=10)
)
words = texts.map(str.strip).filter(bool)
numbers = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
contact = st.fixed_dictionaries(
    {"tags": st.lists(words, max_size=3)},
    optional={
        "name": texts,
        "first_name": texts,
        "last_name": texts,
        "timezone": st.sampled_from(["Europe/Madrid", "UTC"]),
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


@example(
    [{"tags": [], "date_of_birth": "0001-01-01"}, {"tags": [], "subscribed_at": "9999-12-31T23:59:59.999999Z"}],
    {"file_format": Format.XLSX},
)
@given(st.lists(contact, max_size=4), st.sampled_from(list(WAYS.values())))
async def test_any_exported_contacts_are_unchanged_by_an_import(emptied, made, way):
    scope = await emptied()
    for values in made:
        try:
            await create_contact(scope, values)
        except Problems:
            continue  # an impossible contact
    before = await snapshot(scope)
    if not before:
        return
    job = await imported_again(scope, **way)
    assert counts(job) == {"unchanged": len(before)}
    assert await snapshot(scope) == before
