"""All that is held about one person, as JSON."""

from pathlib import Path

import orjson
import pytest

from models import db
from models.errors import NotFound
from models.personal_data.export import export_contact
from schema.server.ids import to_global_id
from tests.kit.person import EMAIL, NAME, OTHER, SIGNS, everywhere
from tests.kit.workspaces import new_workspace


async def test_everything_that_is_held_is_in_it(database: str, file_folder: Path) -> None:
    person = await everywhere(await new_workspace())
    text = await export_contact(person.scope, person.contact_id, to_global_id)
    held = orjson.loads(text)
    assert [sign for sign in SIGNS if sign not in text] == []
    assert (held["contact"]["email"], held["contact"]["id"]) == (EMAIL, to_global_id("Contact", person.contact_id))
    assert held["activities"][0]["properties"]["text"] == "I said this"
    assert sorted(one["status"] for one in held["messages"]) == ["FAILED", "PENDING", "SENT"]
    assert held["imports"][0]["before"]["name"] == NAME
    assert sorted(one["line"] for one in held["refused_rows"]) == [3, 4]
    assert len(held["failed_webhooks"]) == 2
    assert held["suppression"][0]["active"]
    assert held["consent_history"][0]["to_consent"] == "OPTED_OUT"
    assert "workspace_id" not in text


async def test_nothing_of_others_is_in_it(database: str, file_folder: Path) -> None:
    person = await everywhere(await new_workspace())
    held = orjson.loads(await export_contact(person.scope, person.contact_id, to_global_id))
    assert OTHER[1:] not in orjson.dumps(held).decode()


async def test_numbers_are_kept_exactly(database: str) -> None:
    scope = await new_workspace()
    contact = await db.fetch_value(
        "INSERT INTO contacts (workspace_id, attributes) VALUES ($1, $2) RETURNING id",
        scope.workspace_id,
        '{"balance": 12345678901234567890.123456789}',
    )
    assert "12345678901234567890.123456789" in await export_contact(scope, contact, to_global_id)


async def test_a_contact_that_is_not_there_is_not_found(database: str) -> None:
    with pytest.raises(NotFound):
        await export_contact(await new_workspace(), 1, to_global_id)
