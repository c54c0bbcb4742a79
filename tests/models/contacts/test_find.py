"""Finding contacts by id and by key."""

import asyncio

import pytest

from models import db
from models.contacts.create import create_contact
from models.contacts.find import contacts_by_ids, find_contact
from models.errors import Invalid
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


@pytest.mark.parametrize(
    ("key", "value"), [("external_id", " 7 "), ("email", "ANA@Example.com"), ("phone", "600 111 222")]
)
async def test_a_contact_is_found_by_a_key_as_people_write_it(workspace: Scope, key: str, value: str) -> None:
    values = {"external_id": "7", "email": "ana@example.com", "phone": "+34600111222"}
    ana = await create_contact(workspace, values)
    found = await find_contact(workspace, key, value, ["email"])
    assert found is not None
    assert dict(found) == {"id": ana["id"], "email": "ana@example.com"}
    assert await find_contact(await new_workspace("Other"), key, value) is None


async def test_a_value_that_no_key_can_hold_is_refused(workspace: Scope) -> None:
    with pytest.raises(Invalid):
        await find_contact(workspace, "email", "ana")


async def test_only_contacts_of_the_workspace_are_found_by_ids(workspace: Scope) -> None:
    ana = await create_contact(workspace, {"name": "Ana"})
    other = await create_contact(await new_workspace("Other"), {"name": "Bob"})
    found = await contacts_by_ids(workspace, [ana["id"], other["id"], 999], ["name"])
    assert [dict(row) for row in found] == [{"id": ana["id"], "name": "Ana"}]


async def test_contacts_of_several_workspaces_that_are_wanted_at_once_are_kept_apart(workspace: Scope) -> None:
    other = await new_workspace("Other")
    ana, bob = await create_contact(workspace, {"name": "Ana"}), await create_contact(other, {"name": "Bob"})
    asked = [
        (scope, one["id"], names) for scope in (workspace, other) for one in (ana, bob) for names in (["name"], [])
    ]
    found = await asyncio.gather(*(find_contact(scope, "id", key, names) for scope, key, names in asked))
    wanted = {"name": "Ana", "id": ana["id"]}, {"id": ana["id"]}, None, None
    assert tuple(row and dict(row) for row in found) == (
        *wanted,
        None,
        None,
        {"name": "Bob", "id": bob["id"]},
        {"id": bob["id"]},
    )


async def test_a_transaction_finds_what_it_wrote_itself(workspace: Scope) -> None:
    async with db.transaction():
        ana = await create_contact(workspace, {"name": "Ana"})
        found = await find_contact(workspace, "id", ana["id"], ["name"])
        assert found is not None
        assert found["name"] == "Ana"
