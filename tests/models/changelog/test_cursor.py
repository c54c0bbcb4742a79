"""Cursors: of one log of one workspace, and the same for as long as there are partners that keep them."""

import pytest

from models.changelog.cursor import from_cursor, to_cursor
from models.changelog.events import EVENTS
from models.changelog.members import MEMBERS
from models.errors import Invalid
from tests.kit.workspaces import new_workspace


async def test_a_cursor_is_valid_only_for_its_workspace(database):
    scope, other = await new_workspace(), await new_workspace("Other")
    cursor = to_cursor(MEMBERS, scope.workspace_id, 12)
    assert from_cursor(scope, MEMBERS, cursor) == 12
    for wrong in (cursor, "", "x", "🙂", "bTE6MTox", to_cursor(MEMBERS, other.workspace_id, 2**70), cursor + "A"):
        with pytest.raises(Invalid, match="no cursor of this workspace"):
            from_cursor(other, MEMBERS, wrong)


async def test_a_cursor_is_valid_only_for_its_log(database):
    scope = await new_workspace()
    with pytest.raises(Invalid, match="no cursor of this workspace's events"):
        from_cursor(scope, EVENTS, to_cursor(MEMBERS, scope.workspace_id, 1), ("since",))
    with pytest.raises(Invalid, match="no cursor of this workspace's changes") as wrong:
        from_cursor(scope, MEMBERS, to_cursor(EVENTS, scope.workspace_id, 1), ("since",))
    assert wrong.value.path == ("since",)


async def test_a_cursor_of_the_first_version_is_still_valid(database):
    scope = await new_workspace()
    assert scope.workspace_id == 1
    assert to_cursor(MEMBERS, 1, 12) == "bTE6MToxMg"  # m1:1:12
    assert from_cursor(scope, MEMBERS, "bTE6MToxMg") == from_cursor(scope, MEMBERS, "bTE6MToxMg==") == 12
