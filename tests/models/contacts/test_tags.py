"""The tags of a workspace."""

import pytest

from models import db
from models.contacts import tags
from models.errors import Invalid
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def test_a_tag_keeps_its_first_spelling(workspace: Scope) -> None:
    other = await new_workspace("Other")
    async with db.transaction():
        assert await tags.spelled(workspace, ["VIP", "new", "vip"]) == ["VIP", "new"]
        spelling = {"Vip": "VIP", "NEW": "new", "third": "third"}
        assert dict(await tags.spell(workspace, spelling)) == spelling
        assert await tags.spell(workspace, []) == {}
        assert await tags.spelled(other, ["vip"]) == ["vip"]


async def test_tags_are_found_by_a_part_of_them(workspace: Scope) -> None:
    async with db.transaction():
        await tags.spell(workspace, ["VIP", "ex_vip", "exxvip", "new"])
    assert await tags.find(workspace, None, 2) == ["ex_vip", "exxvip"]
    assert await tags.find(workspace, "X_V", 9) == ["ex_vip"]
    with pytest.raises(Invalid) as refused:
        await tags.find(workspace, "\x00", 9)
    assert refused.value.path == ("search",)
