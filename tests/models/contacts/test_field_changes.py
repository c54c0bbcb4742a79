"""A custom field's label and choices are changed."""

from typing import Any

import pytest

from models import db
from models.contacts import fields
from models.contacts.create import create_contact
from models.contacts.field_changes import change_field
from models.contacts.update import update_contact
from models.db.tables import CustomField
from models.errors import InUse, Invalid, NotFound, Problems
from models.rules.tree import FieldType
from permissions.principal import Scope
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import dynamic_segment, members_of
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def size(scope: Scope) -> CustomField:
    return await fields.create(scope, key="size", label="Size", kind=FieldType.MULTI_CHOICE, choices=["S", "M", "L"])


async def test_a_label_and_choices_are_changed(scope: Scope, size: CustomField) -> None:
    changed = await change_field(scope, size.id, {"label": " Sizes ", "choices": ["S", "L", "XL"]})
    assert (changed.label, changed.choices, changed.key) == ("Sizes", ["S", "L", "XL"], "size")
    assert (await fields.load(scope))["size"].choices == ("S", "L", "XL")
    assert await db.fetch_value("SELECT details ->> 'fields' FROM audit_log WHERE action = 'contact_field_update'")
    await change_field(scope, size.id, {"label": "Sizes"})
    assert await db.fetch_value("SELECT count(*) FROM audit_log WHERE action = 'contact_field_update'") == 1


async def test_a_choice_that_a_contact_has_stays(scope: Scope, size: CustomField) -> None:
    made = await create_contact(scope, {"attributes": {"size": ["S", "M"]}})
    with pytest.raises(InUse, match="'M'") as refused:
        await change_field(scope, size.id, {"choices": ["S", "m"]})
    assert refused.value.path == ("choices",)
    assert (await change_field(scope, size.id, {"choices": ["M", "S"]})).choices == ["M", "S"]
    await update_contact(scope, made["id"], {"attributes": {"size": ["S"]}})
    assert (await change_field(scope, size.id, {"choices": ["S"]})).choices == ["S"]


@pytest.mark.parametrize("operator", ["HAS_ANY", "HAS_NONE"])
async def test_a_choice_that_a_rule_names_stays(scope: Scope, size: CustomField, operator: str) -> None:
    field = {"field": "attributes.size", "operator": operator, "value": ["s", "m"]}
    await dynamic_segment(scope, {"not": {"any": [{"field": field}]}}, "Medium")
    with pytest.raises(InUse, match="'Medium'"):
        await change_field(scope, size.id, {"choices": ["S", "L"]})
    await change_field(scope, size.id, {"choices": ["S", "M"]})


async def test_a_choice_of_another_field_or_workspace_does_not_matter(scope: Scope, size: CustomField) -> None:
    other = await fields.create(scope, key="other", label="Other", kind=FieldType.CHOICE, choices=["M"])
    await create_contact(scope, {"attributes": {"other": "M"}})
    await dynamic_segment(scope, {"field": {"field": "attributes.other", "operator": "EQUALS", "value": "M"}})
    elsewhere = await new_workspace()
    await fields.create(elsewhere, key="size", label="Size", kind=FieldType.CHOICE, choices=["M"])
    await create_contact(elsewhere, {"attributes": {"size": "M"}})
    await change_field(scope, size.id, {"choices": ["S"]})
    with pytest.raises(NotFound):
        await change_field(elsewhere, other.id, {"label": "Mine"})


async def test_rules_that_name_the_field_are_right_afterwards(scope: Scope, size: CustomField) -> None:
    made = await create_contact(scope, {"attributes": {"size": ["S"]}})
    rule = {"field": {"field": "attributes.size", "operator": "HAS_ANY", "value": ["S"]}}
    segment = await dynamic_segment(scope, rule)
    await change_field(scope, size.id, {"choices": ["XS", "S"]})
    await settled(scope)
    assert await members_of(scope, segment) == {made["id"]}
    await assert_all_is_right(scope)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"label": None}, ("label",)),
        ({"label": " "}, ("label",)),
        ({"choices": []}, ("choices",)),
        ({"choices": None}, ("choices",)),
        ({"choices": ["a", "A"]}, ("choices",)),
        ({"choices": ["é", "e\u0301"]}, ("choices",)),
    ],
)
async def test_mistakes_are_refused_at_their_path(
    scope: Scope, size: CustomField, given: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(Problems) as refused:
        await change_field(scope, size.id, given)
    assert [error.path for error in refused.value.errors] == [path]


async def test_only_fields_with_choices_get_some(scope: Scope) -> None:
    text = await fields.create(scope, key="t", label="T", kind=FieldType.TEXT)
    with pytest.raises(Problems) as refused:
        await change_field(scope, text.id, {"choices": ["a"]})
    assert isinstance(refused.value.errors[0], Invalid)
