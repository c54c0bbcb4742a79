"""A rule that is not saved finds contacts now."""

import pytest

from models.errors import Problems
from models.segments.preview import preview
from tests.kit.segments import TAGGED_VIP, new_contacts
from tests.kit.workspaces import new_workspace


async def test_a_preview_has_the_count_the_first_contacts_and_the_rule_in_words(database):
    scope = await new_workspace()
    ids = await new_contacts(scope, 3, tags=["vip"])
    await new_contacts(scope, 2)
    found = await preview(scope, TAGGED_VIP, 2)
    assert (found.count, found.contact_ids) == (3, tuple(ids[:2]))
    assert "vip" in found.rule_text


async def test_a_preview_finds_no_contact_of_another_workspace(database):
    await new_contacts(await new_workspace(), 2, tags=["vip"])
    found = await preview(await new_workspace(), TAGGED_VIP, 10)
    assert (found.count, found.contact_ids) == (0, ())


async def test_a_mistake_in_a_previewed_rule_has_its_path(database):
    scope = await new_workspace()
    with pytest.raises(Problems) as problems:
        await preview(scope, {"field": {"field": "no_such_field", "operator": "IS_SET"}}, 10)
    assert problems.value.errors[0].path[:2] == ("rule", "field")
