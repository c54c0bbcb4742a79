"""A rule that is not saved finds contacts now."""

import pytest

from models.contacts.create import create_contact
from models.contacts.tagging import add_tags
from models.errors import NotFound, Problems
from models.membership.origins import Override
from models.segments import members
from models.segments.preview import Difference, Wanted, preview
from tests.kit.segments import TAGGED_VIP, dynamic_segment, members_of, new_contacts
from tests.kit.workspaces import new_workspace

TAGGED_NEW = {"tags": {"operator": "HAS_ANY", "tags": ["new"]}}


async def test_a_preview_has_the_count_the_first_contacts_and_the_rule_in_words(database):
    scope = await new_workspace()
    ids = await new_contacts(scope, 3, tags=["vip"])
    await new_contacts(scope, 2)
    found = await preview(scope, TAGGED_VIP, Wanted(2))
    assert (found.count, found.contact_ids) == (3, tuple(ids[:2]))
    assert "vip" in found.rule_text


async def test_a_preview_finds_no_contact_of_another_workspace(database):
    await new_contacts(await new_workspace(), 2, tags=["vip"])
    found = await preview(await new_workspace(), TAGGED_VIP, Wanted(10))
    assert (found.count, found.contact_ids) == (0, ())


async def test_a_preview_counts_who_can_be_written_to_and_what_each_condition_finds(database):
    scope = await new_workspace()
    for name, more in (
        ("Ana", {"phone": "+34600000001", "tags": ["vip"]}),
        ("Bea", {"phone": "+34600000002", "tags": ["vip"], "whatsapp_consent": "OPTED_OUT"}),
        ("Cid", {"tags": ["vip"]}),
        ("Dan", {"phone": "+34600000004"}),
    ):
        await create_contact(scope, {"name": name, **more})
    ana = {"field": {"field": "name", "operator": "EQUALS", "value": "Ana"}}
    rule = {"any": [TAGGED_VIP, {"all": [{"not": ana}, TAGGED_VIP]}]}
    found = await preview(scope, rule, Wanted(reachable=True, conditions=True))
    assert (found.count, found.reachable) == (3, 1)
    assert [(".".join(one.path), one.count) for one in found.conditions] == [
        ("rule.any.0", 3),
        ("rule.any.1.all.0.not", 1),
        ("rule.any.1.all.1", 3),
    ]


async def test_a_preview_says_who_would_enter_and_leave_a_segment_and_heeds_overrides(database):
    scope = await new_workspace()
    (stays, leaves, included), (enters, excluded) = (
        await new_contacts(scope, 3),
        await new_contacts(scope, 2, tags=["vip"]),
    )
    await add_tags(scope, [stays], ["vip"])
    await add_tags(scope, [leaves, included], ["old"])
    rule = {"any": [{"tags": {"operator": "HAS_ANY", "tags": ["old"]}}, {"all": [TAGGED_VIP, {"not": TAGGED_NEW}]}]}
    await add_tags(scope, [enters, excluded], ["new"])
    segment = await dynamic_segment(scope, rule)
    assert await members_of(scope, segment) == {stays, leaves, included}
    await members.override(scope, segment.id, [included], Override.INCLUDE)
    await members.override(scope, segment.id, [excluded], Override.EXCLUDE)
    found = await preview(scope, TAGGED_VIP, Wanted(compare_to=segment.id))
    assert (found.count, found.difference) == (3, Difference(entering=1, leaving=1))
    assert enters in (await preview(scope, TAGGED_VIP, Wanted(10))).contact_ids
    with pytest.raises(NotFound) as raised:
        await preview(scope, TAGGED_VIP, Wanted(compare_to=10**9))
    assert raised.value.path == ("compareTo",)


async def test_a_mistake_in_a_previewed_rule_has_its_path(database):
    scope = await new_workspace()
    with pytest.raises(Problems) as problems:
        await preview(scope, {"field": {"field": "no_such_field", "operator": "IS_SET"}}, Wanted())
    assert problems.value.errors[0].path[:2] == ("rule", "field")
