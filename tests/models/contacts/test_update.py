"""Updating contacts."""

import asyncio
from contextvars import Context
from datetime import UTC, date, datetime

import pytest

from models import db
from models.contacts import fields
from models.contacts.create import create_contact
from models.contacts.many import PLAIN_COLUMNS
from models.contacts.update import update_contact
from models.errors import NotFound, Problems
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


async def test_a_single_value_that_a_contact_has_already_is_not_written_and_waits_for_nobody(workspace: Scope) -> None:
    row = await create_contact(workspace, {"score": 3})
    async with db.transaction():
        await db.execute("UPDATE contacts SET score = 4 WHERE workspace_id = $1", workspace.workspace_id)
        async with asyncio.timeout(5):
            same = await asyncio.create_task(update_contact(workspace, row["id"], {"score": 3}), context=Context())
    assert (same["score"], same["updated_at"]) == (3, row["updated_at"])
    assert await db.fetch_value("SELECT count(*) FROM audit_log WHERE action = 'contact_update'") == 0


@pytest.mark.parametrize("values", [{"score": 7}, {"score": 7, "timezone": "Europe/Rome"}])
async def test_of_many_who_write_the_same_only_one_changes_the_contact(workspace: Scope, values: dict) -> None:
    row = await create_contact(workspace, {"score": 3})
    written = await asyncio.gather(*(update_contact(workspace, row["id"], values) for _ in range(8)))
    assert len({(row["score"], row["updated_at"]) for row in written}) == 1
    recorded = await db.fetch("SELECT details FROM audit_log WHERE action = 'contact_update'")
    assert [db.load_json(one["details"]) for one in recorded] == [{"fields": list(values)}]


async def test_a_single_value_of_an_unknown_contact_is_not_found(workspace: Scope) -> None:
    other = await create_contact(await new_workspace("Other"), {"score": 3})
    for contact_id in (other["id"], 999_999):
        with pytest.raises(NotFound):
            await update_contact(workspace, contact_id, {"score": 4})


async def test_each_single_value_is_written_cleared_and_recorded(workspace: Scope) -> None:
    row = await create_contact(workspace, {"name": "Ana"})
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    values = {
        "score": 5,
        "timezone": "Europe/Rome",
        "date_of_birth": date(1990, 2, 3),
        "subscribed_at": moment,
        "last_interaction_at": moment,
    }
    assert values.keys() == PLAIN_COLUMNS.keys()
    for column, value in values.items():
        changed = await update_contact(workspace, row["id"], {column: value})
        assert (changed[column], changed["name"]) == (value, "Ana")
        cleared = await update_contact(workspace, row["id"], {column: None})
        assert cleared[column] == row[column]
    recorded = await db.fetch("SELECT details FROM audit_log WHERE action = 'contact_update' ORDER BY id")
    assert [db.load_json(one["details"])["fields"] for one in recorded] == [[name] for name in values for _ in range(2)]
