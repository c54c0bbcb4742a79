"""A contact's name is what was given, else first and last name."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models import db
from models.contacts.create import create_contact
from models.contacts.names import joined_name
from models.contacts.update import update_contact
from permissions.principal import Scope
from tests.kit.transfers import counts, everyone, imported, snapshot, undone
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.mark.parametrize(
    ("first", "last", "joined"),
    [("Ana", "García", "Ana García"), ("Ana", None, "Ana"), (None, "García", "García"), (None, None, None)],
)
def test_both_names_are_joined(first: str | None, last: str | None, joined: str | None) -> None:
    assert joined_name(first, last) == joined


async def test_a_name_that_nobody_gave_follows_both(scope: Scope) -> None:
    made = await create_contact(scope, {"first_name": " Ana ", "last_name": "García"})
    assert made["name"] == "Ana García"
    changed = await update_contact(scope, made["id"], {"last_name": "López"})
    assert changed["name"] == "Ana López"
    cleared = await update_contact(scope, made["id"], {"first_name": None, "last_name": ""})
    assert cleared["name"] is None


async def test_a_name_that_was_given_stays(scope: Scope) -> None:
    made = await create_contact(scope, {"name": "Dr. A. García", "first_name": "Ana", "last_name": "García"})
    changed = await update_contact(scope, made["id"], {"first_name": "Anita"})
    assert (made["name"], changed["name"]) == ("Dr. A. García", "Dr. A. García")
    given = await update_contact(scope, made["id"], {"name": "Anita García", "last_name": "López"})
    assert given["name"] == "Anita García"
    cleared = await update_contact(scope, made["id"], {"name": None})
    assert cleared["name"] == "Anita López"


@pytest.mark.parametrize("header", ["external_id,first_name,last_name", "external_id,first_name,last_name,name"])
async def test_rows_of_a_file_make_the_same_names(scope: Scope, header: str) -> None:
    more = "," if header.endswith(",name") else ""
    await create_contact(scope, {"external_id": "given", "name": "Dr. Bo"})
    job = await imported(scope, f"{header}\n1,Ana,García{more}\n2,,Li{more}\ngiven,Bo,Ek{more}\n", overwrite=True)
    assert counts(job) == {"created": 2, "updated": 1}
    before = await snapshot(scope)
    assert await everyone(scope, "name", "first_name", "last_name") == [
        ("Dr. Bo", "Bo", "Ek"),
        ("Ana García", "Ana", "García"),
        ("Li", None, "Li"),
    ]
    again = await imported(scope, f"{header}\n1,Ana,López{more}\n2,Bea,{more}\ngiven,Bob,{more}\n", overwrite=True)
    assert counts(again) == {"updated": 3}
    assert await everyone(scope, "name") == [("Dr. Bo",), ("Ana López",), ("Bea Li",)]
    await undone(scope, again)
    assert await snapshot(scope) == before


async def test_an_import_marks_a_name_that_followed(scope: Scope) -> None:
    await create_contact(scope, {"external_id": "1", "first_name": "Ana"})
    await db.execute("DELETE FROM dirty_contacts")
    await imported(scope, "external_id,first_name\n1,Bea\n", overwrite=True)
    [(marked,)] = await db.fetch("SELECT fields FROM dirty_contacts")
    assert set(marked) == {"updated_at", "name", "first_name"}


parts = st.sampled_from([None, "Ana", "Li", "García López"])
row = st.fixed_dictionaries({}, optional={"name": parts, "first_name": parts, "last_name": parts})
policies = st.sampled_from(["OVERWRITE", "FILL_EMPTY", "REPLACE"])


@pytest.fixture
async def emptied(database: str):
    scope = await new_workspace()

    async def empty() -> Scope:
        for table in ("contacts", "jobs", "import_changes", "import_refusals", "uploads"):
            await db.execute(f"DELETE FROM {table}")
        return scope

    return empty


@example(held={"first_name": "Ana"}, given={"name": "Ana", "first_name": "Li"}, policy="OVERWRITE")
@given(held=row, given=row, policy=policies)
async def test_a_file_changes_names_as_a_call_does(emptied, held, given, policy) -> None:
    """Under REPLACE an empty cell clears, as null does; else it is as if it were absent."""
    scope = await emptied()
    one = await create_contact(scope, {"external_id": "call", **held})
    await create_contact(scope, {"external_id": "file", **held})
    values = {
        field: value
        for field, value in given.items()
        if value is not None or policy == "REPLACE"
        if policy != "FILL_EMPTY" or one[field] is None
    }
    called = await update_contact(scope, one["id"], values)
    columns = ["external_id", *((field, field, policy) for field in given)]
    cells = ",".join(["file", *(value or "" for value in given.values())])
    await imported(scope, f"{','.join(['external_id', *given])}\n{cells}\n", *columns, overwrite=True)
    names = ("name", "first_name", "last_name")
    assert (await everyone(scope, *names))[1] == tuple(called[name] for name in names)
