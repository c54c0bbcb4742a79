"""Deleting contacts."""

import pytest

from models import db
from models.contacts import activities
from models.contacts.activities import NewActivity
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.errors import NotFound
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def test_contacts_are_deleted_with_their_activities(workspace: Scope) -> None:
    ids = [(await create_contact(workspace, {"external_id": str(n)}))["id"] for n in range(3)]
    await activities.record(workspace, [NewActivity("visit", contact_id) for contact_id in ids])
    assert await delete_contacts(workspace, [ids[2], ids[0], ids[2], 999]) == [ids[2], ids[0]]
    assert await db.fetch_value("SELECT array_agg(id) FROM contacts") == [ids[1]]
    assert await db.fetch_value("SELECT array_agg(contact_id) FROM activities") == [ids[1]]


async def test_contacts_of_another_workspace_are_not_deleted(workspace: Scope) -> None:
    other = await create_contact(await new_workspace("Other"), {"name": "Ana"})
    with pytest.raises(NotFound):
        await delete_contacts(workspace, [other["id"]])
    assert await delete_contacts(workspace, []) == []
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 1
