"""Updating contacts."""

import asyncio

import pytest

from models import db
from models.contacts import fields
from models.contacts.create import create_contact
from models.contacts.update import update_contact
from models.errors import Problems
from models.rules.tree import FieldType
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def test_two_contacts_never_get_the_same_key(workspace: Scope) -> None:
    rows = [await create_contact(workspace, {"external_id": str(n)}) for n in range(8)]
    outcomes = await asyncio.gather(
        *(update_contact(workspace, row["id"], {"email": "ana@example.com"}) for row in rows), return_exceptions=True
    )
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == 1
    assert all(isinstance(outcome, Problems) for outcome in outcomes if isinstance(outcome, Exception)), outcomes


async def test_true_replaces_a_one_that_sql_stored(workspace: Scope) -> None:
    await fields.create(workspace, key="vip", label="VIP", kind=FieldType.BOOLEAN)
    ana = await create_contact(workspace, {"name": "Ana"})
    await db.execute("UPDATE contacts SET attributes = '{\"vip\": 1}'")
    changed = await update_contact(workspace, ana["id"], {"attributes": {"vip": True}})
    assert db.load_json(changed["attributes"])["vip"] is True


async def test_the_audit_names_the_fields_and_never_the_values(workspace: Scope) -> None:
    await fields.create(workspace, key="city", label="City", kind=FieldType.TEXT)
    row = await create_contact(workspace, {"email": "ana@example.com"})
    await update_contact(workspace, row["id"], {"phone": "+34600111222", "attributes": {"city": "Rome"}})
    written = await db.fetch_value("SELECT details FROM audit_log WHERE action = 'contact_update'")
    assert db.load_json(written) == {"fields": ["phone", "attributes.city"]}
