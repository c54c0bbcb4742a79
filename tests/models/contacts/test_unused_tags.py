"""Tags that no contact has leave the list."""

from datetime import timedelta

import pytest

from models import clock, db
from models.contacts import tags
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.contacts.tagging import remove_tags
from models.contacts.unused_tags import CHECKED_EVERY, forget_unused, workspaces_to_check
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def test_a_tag_that_nobody_has_any_more_is_forgotten(scope: Scope) -> None:
    one, two = [(await create_contact(scope, {"tags": held}))["id"] for held in (["A", "b"], ["c", "b"])]
    other = await new_workspace()
    await create_contact(other, {"tags": ["a"]})
    await remove_tags(scope, [one], ["a"])
    await delete_contacts(scope, [two])
    assert await forget_unused(scope) == 0
    assert await workspaces_to_check() == []
    later = clock.now() + CHECKED_EVERY + timedelta(seconds=1)
    clock.set_source(lambda: later)
    assert sorted(await workspaces_to_check()) == [scope.workspace_id, other.workspace_id]
    assert await forget_unused(scope) == 2
    assert await tags.find(scope, None, 9) == ["b"]
    assert await tags.find(other, None, 9) == ["a"]
    assert await workspaces_to_check() == [other.workspace_id]


async def test_a_tag_that_is_given_again_is_spelled_anew(scope: Scope) -> None:
    made = await create_contact(scope, {"tags": ["vip"]})
    await remove_tags(scope, [made["id"]], ["vip"])
    await db.execute("UPDATE tags SET checked_at = '2020-01-01Z'")
    assert await forget_unused(scope) == 1
    assert (await create_contact(scope, {"tags": ["VIP"]}))["tags"] == ["VIP"]
