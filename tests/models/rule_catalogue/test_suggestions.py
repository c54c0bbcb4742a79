"""Values that are suggested for a rule."""

import pytest

from models.contacts import fields
from models.contacts.create import create_contact
from models.errors import Invalid
from models.rule_catalogue.suggestions import rule_fields, suggest_values
from models.rules.tree import FieldType
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def test_texts_are_suggested_the_most_frequent_first(workspace: Scope) -> None:
    for name in ("Ana", "Anabel", "ANABEL", "Bob", "a_b"):
        await create_contact(workspace, {"name": name})
    assert [name.lower() for name in await suggest_values(workspace, "name", "a", 9)] == ["anabel", "a_b", "ana"]
    assert await suggest_values(workspace, "name", "a_", 9) == ["a_b"]
    assert await suggest_values(await new_workspace("Other"), "name", "a", 9) == []


async def test_tags_choices_and_booleans_are_suggested_by_their_beginning(workspace: Scope) -> None:
    await create_contact(workspace, {"tags": ["VIP", "new"]})
    await fields.create(workspace, key="size", label="Size", kind=FieldType.CHOICE, choices=["Small", "Medium"])
    await fields.create(workspace, key="active", label="Active", kind=FieldType.BOOLEAN)
    assert await suggest_values(workspace, "tags", "v", 9) == ["VIP"]
    assert await suggest_values(workspace, "attributes.size", "s", 9) == ["Small"]
    assert await suggest_values(workspace, "attributes.active", "", 1) == ["true"]
    assert await suggest_values(workspace, "score", "", 9) == []


async def test_an_unknown_field_is_refused(workspace: Scope) -> None:
    with pytest.raises(Invalid) as refused:
        await suggest_values(workspace, "nothing", "", 9)
    assert refused.value.path == ("field",)
    assert "nothing" not in {field.key for field in await rule_fields(workspace)}
