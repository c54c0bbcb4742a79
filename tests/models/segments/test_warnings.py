"""A rule that names what was never recorded is warned of."""

import pytest

from models.contacts import activities
from models.contacts.activities import NewActivity
from models.segments.warnings import rule_warnings
from permissions.principal import Scope
from tests.kit.segments import new_contacts
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    scope = await new_workspace()
    (contact,) = await new_contacts(scope, 1)
    for kind, properties in (("order.placed", {"amount": 5, "items": ["a"]}), ("visit", {})):
        await activities.record(scope, [NewActivity(kind, contact_id=contact, properties=properties)])
    return scope


def never(kind: str, **more: object) -> dict:
    return {"activity": {"kind": kind, "operator": "EQUALS", "value": 0, **more}}


async def test_a_typing_error_in_a_kind_is_warned_of(scope: Scope) -> None:
    rule = {"all": [never("visit"), {"not": never("order.plcaed")}, {"any": [never("order.placed"), never("xyz")]}]}
    first, second = await rule_warnings(scope, rule)
    assert first.path == ("rule", "all", "1", "not", "activity", "kind")
    assert first.message == 'no activity "order.plcaed" was ever recorded: did you mean "order.placed"?'
    assert second.path == ("rule", "all", "2", "any", "1", "activity", "kind")
    assert second.message == 'no activity "xyz" was ever recorded'


async def test_a_typing_error_in_a_property_is_warned_of(scope: Scope) -> None:
    where = [{"property": "item", "operator": "CONTAINS", "value": "a"}, {"property": "items", "operator": "IS_SET"}]
    rule = never("order.placed", metric="SUM", property="amuont", where=where)
    measured, filtered = await rule_warnings(scope, rule)
    assert measured.path == ("rule", "activity", "property")
    assert measured.message.endswith('has a property "amuont": did you mean "amount"?')
    assert filtered.path == ("rule", "activity", "where", "0", "property")
    assert filtered.message.endswith('has a property "item": did you mean "items"?')


async def test_an_unknown_kind_is_warned_of_once(scope: Scope) -> None:
    [warning] = await rule_warnings(scope, never("nothing", metric="SUM", property="amount"))
    assert warning.path == ("rule", "activity", "kind")


async def test_activities_of_another_workspace_are_not_known(scope: Scope) -> None:
    other = await new_workspace()
    assert len(await rule_warnings(other, never("visit"))) == 1


async def test_a_rule_without_activities_has_no_warning(scope: Scope) -> None:
    assert await rule_warnings(scope, {"tags": {"operator": "HAS_ANY", "tags": ["a"]}}) == []
