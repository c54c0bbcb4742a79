"""Fields for a rule builder, and suggestions of values."""

import pytest

from models.contacts import fields as contact_fields
from models.contacts.create import create_contact
from models.rules.tree import FieldType
from tests.kit.api import bearer_of


async def test_a_rule_builder_gets_the_fields(api, scope):
    await contact_fields.create(scope, key="plan", label="Plan", kind=FieldType.CHOICE, choices=["Basic", "Gold"])
    told = await api.data(await bearer_of(scope), "{ ruleFields { key label type custom operators choices } }")
    fields = {one["key"]: one for one in told["ruleFields"]}
    assert fields["attributes.plan"] == {
        "key": "attributes.plan",
        "label": "Plan",
        "type": "CHOICE",
        "custom": True,
        "operators": ["EQUALS", "NOT_EQUALS", "IN", "NOT_IN", "IS_SET", "IS_NOT_SET"],
        "choices": ["Basic", "Gold"],
    }
    assert "ANNIVERSARY_WITHIN_NEXT" in fields["date_of_birth"]["operators"]


@pytest.mark.parametrize(
    ("field", "prefix", "values"),
    [
        ("attributes.city", "ma", ["Madrid"]),
        ("attributes.city", "", ["Madrid", "Paris"]),
        ("attributes.city", "%", []),
        ("tags", "BO", ["Botox"]),
        ("whatsapp_consent", "opt", ["OPTED_IN", "OPTED_OUT"]),
        ("attributes.plan", "gO", ["Gold"]),
        ("attributes.vip", "t", ["true"]),
        ("email", "ANA", ["ana1@example.com", "ana2@example.com", "ana3@example.com"]),
        ("email", "ana_", []),
        ("phone", "", []),
        ("score", "", []),
        ("name", "a\0", []),
        ("name", "\\", []),
    ],
)
async def test_the_most_frequent_values_are_suggested_first(api, scope, field, prefix, values):
    await contact_fields.create(scope, key="city", label="City", kind=FieldType.TEXT, choices=None)
    await contact_fields.create(scope, key="plan", label="Plan", kind=FieldType.CHOICE, choices=["Basic", "Gold"])
    await contact_fields.create(scope, key="vip", label="VIP", kind=FieldType.BOOLEAN)
    for number, city in enumerate(("Paris", "Madrid", "madrid"), 1):
        wanted = {"attributes": {"city": city}, "tags": ["Botox"], "email": f"ana{number}@example.com"}
        await create_contact(scope, wanted)
    told = await api.data(
        await bearer_of(scope),
        "query ($f: String!, $p: String) { ruleValueSuggestions(field: $f, prefix: $p) }",
        f=field,
        p=prefix,
    )
    assert told["ruleValueSuggestions"] == values
