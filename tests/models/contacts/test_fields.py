"""Custom fields: used, deleted, and their values removed."""

import asyncio

import pytest

from models import db
from models.contacts import fields
from models.contacts.create import create_contact
from models.contacts.find import contacts_by_ids, find_contact
from models.contacts.upsert import upsert_contact
from models.errors import InUse, Problems, Taken
from models.rules.tree import FieldType
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def test_a_field_deleted_beside_its_writers_leaves_no_value(workspace: Scope) -> None:
    field = await fields.create(workspace, key="city", label="City", kind=FieldType.TEXT)

    writers = [
        asyncio.ensure_future(upsert_contact(workspace, {"external_id": str(n), "attributes": {"city": "Rome"}}))
        for n in range(30)
    ]
    await asyncio.sleep(0.01)
    await fields.delete(workspace, field.id)
    outcomes = await asyncio.gather(*writers, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert all(isinstance(one, Problems) and one.errors[0].path == ("attributes", "city") for one in refused), refused
    assert await db.fetch_value("SELECT count(*) FROM contacts WHERE attributes ? 'city'") == 0


async def test_the_values_of_a_field_being_deleted_are_not_shown(workspace: Scope) -> None:
    for key in ("city", "size"):
        await fields.create(workspace, key=key, label=key, kind=FieldType.TEXT)
    row = await create_contact(workspace, {"external_id": "1", "attributes": {"city": "Rome", "size": "M"}})
    await db.execute("UPDATE contact_fields SET deleted_at = now() WHERE key = 'city'")
    for shown in (
        await find_contact(workspace, "external_id", "1"),
        *await contacts_by_ids(workspace, [row["id"]]),
    ):
        assert shown is not None
        assert db.load_json(shown["attributes"]) == {"size": "M"}
    with pytest.raises(Taken, match="still being removed"):
        await fields.create(workspace, key="city", label="City", kind=FieldType.TEXT)
    assert await fields.remove_values_of_deleted() == 1
    assert await db.fetch_value("SELECT attributes FROM contacts") == '{"size": "M"}'
    assert await fields.remove_values_of_deleted() == 0
    await fields.create(workspace, key="city", label="City", kind=FieldType.TEXT)


async def test_a_field_in_a_deep_rule_is_in_use(workspace: Scope) -> None:
    field = await fields.create(workspace, key="city", label="City", kind=FieldType.TEXT)
    await fields.create(workspace, key="city2", label="City", kind=FieldType.TEXT)
    deep = {"all": [{"not": {"any": [{"field": {"field": "attributes.city", "operator": "IS_SET"}}]}}]}
    other = {"field": {"field": "attributes.city2", "operator": "EQUALS", "value": "attributes.city"}}
    sql = "INSERT INTO segments (workspace_id, name, kind, rule, active_rule) VALUES ($1, $2, 'DYNAMIC', $3, $4)"
    await db.execute(sql, workspace.workspace_id, "Other", db.dump_json(other), db.dump_json(other))
    await db.execute(sql, workspace.workspace_id, "Deep", db.dump_json(other), db.dump_json(deep))
    with pytest.raises(InUse, match="'Deep'") as refused:
        await fields.delete(workspace, field.id)
    assert "'Other'" not in refused.value.message
