"""One person, two spellings of a number; and contacts of before that have one."""

import pytest

from models import db
from models.contacts import twins
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.contacts.find import find_contact
from models.contacts.update import update_contact
from models.contacts.upsert import upsert_contact
from models.errors import Problems, Taken
from models.identity import duplicates
from models.values.phones import normal_phone
from permissions.capabilities import Permission
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace, with_permissions

NEW, OLD = "+5511976500001", "+551176500001"
"""One number, with and without Brazil's ninth digit."""


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def two_of_before(scope: Scope) -> tuple[int, int]:
    """Two contacts that were made before the key: the older one, and its twin."""
    rows = await db.fetch(
        "INSERT INTO contacts (workspace_id, name, phone, phone_twin) VALUES ($1, 'a', $2, 0), ($1, 'b', $3, 1) RETURNING id",
        scope.workspace_id,
        NEW,
        OLD,
    )
    return rows[0]["id"], rows[1]["id"]


async def marks() -> list[tuple[str, int]]:
    return [tuple(row) for row in await db.fetch("SELECT name, phone_twin FROM contacts ORDER BY id")]


@pytest.mark.parametrize(
    ("known", "other"),
    [(NEW, OLD), (OLD, NEW), ("+525512341001", "+5215512341001"), ("+541123456789", "+5491123456789")],
)
async def test_another_spelling_finds_the_contact_and_is_taken(workspace: Scope, known: str, other: str) -> None:
    made = await create_contact(workspace, {"phone": known, "name": "Ana"})
    found = await find_contact(workspace, "phone", other)
    assert found is not None
    assert (found["id"], found["phone"]) == (made["id"], known)
    with pytest.raises(Problems) as refused:
        await create_contact(workspace, {"phone": other})
    assert [type(error) for error in refused.value.errors] == [Taken]
    row, created = await upsert_contact(workspace, {"phone": other, "name": "Ana M."})
    assert (row["id"], row["name"], row["phone"], created) == (made["id"], "Ana M.", normal_phone(other, None), False)


async def test_who_has_the_key_is_told_to_those_who_may_read_contacts(workspace: Scope) -> None:
    made = await create_contact(workspace, {"phone": NEW})
    for permissions, told in (((Permission.CONTACT_WRITE,), None), (tuple(Permission), ("Contact", made["id"]))):
        with pytest.raises(Problems) as refused:
            await create_contact(with_permissions(workspace, *permissions), {"phone": OLD})
        [error] = refused.value.under("input").errors
        assert isinstance(error, Taken)
        assert (error.taken_by, error.path) == (told, ("input", "phone"))


async def test_contacts_of_before_are_listed_and_each_is_found_by_its_own_spelling(workspace: Scope) -> None:
    older, twin = await two_of_before(workspace)
    assert [tuple(row)[:2] for row in await duplicates.pairs(workspace, 10)] == [(twin, older)]
    assert await duplicates.pairs(workspace, 10, after=(twin, older)) == []
    for spelling, contact_id in ((NEW, older), (OLD, twin), ("55 11 7650-0001", None)):
        found = await find_contact(workspace, "phone", spelling if contact_id else f"+{spelling}")
        assert found is not None
        assert found["id"] == (contact_id or twin)
    row, _ = await upsert_contact(workspace, {"phone": OLD, "score": 1})
    assert row["id"] == twin, "an upsert of a twin goes on as before"
    with pytest.raises(Problems):
        await create_contact(workspace, {"phone": NEW})


async def test_the_mark_goes_with_the_older_contact(workspace: Scope) -> None:
    older, _ = await two_of_before(workspace)
    await delete_contacts(workspace, [older])
    assert await marks() == [("b", 0)]
    assert await duplicates.pairs(workspace, 10) == []


async def test_the_mark_goes_with_the_number_of_the_older_contact(workspace: Scope) -> None:
    older, _ = await two_of_before(workspace)
    await update_contact(workspace, older, {"phone": "+34600000001"})
    assert await marks() == [("a", 0), ("b", 0)]


async def test_the_mark_goes_with_the_number_of_the_twin(workspace: Scope) -> None:
    _, twin = await two_of_before(workspace)
    before = await db.fetch_value("SELECT updated_at FROM contacts WHERE id = $1", twin)
    await update_contact(workspace, twin, {"phone": NEW})
    assert await marks() == [("a", 0), ("b", 1)], "another spelling is no other number"
    await update_contact(workspace, twin, {"phone": None})
    assert await marks() == [("a", 0), ("b", 0)]
    assert await db.fetch_value("SELECT updated_at FROM contacts WHERE id = $1", twin) > before


async def test_what_plain_sql_left_is_mended_later(workspace: Scope) -> None:
    older, _ = await two_of_before(workspace)
    other = await new_workspace("Other")
    await two_of_before(other)
    await db.execute("DELETE FROM contacts WHERE id = $1", older)
    assert await twins.release_all() == 1
    assert await marks() == [("b", 0), ("a", 0), ("b", 1)]
