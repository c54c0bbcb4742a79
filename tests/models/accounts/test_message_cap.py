"""The cap of a workspace: read, checked and changed."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clock
from models.accounts import message_cap
from models.errors import Problems
from models.segments import workspace_settings
from tests.kit.workspaces import new_workspace

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_a_cap_is_set_read_and_lifted(database: str) -> None:
    clock.set_source(lambda: NOON)
    scope = await new_workspace()
    assert await message_cap.find(scope.workspace_id) is None
    await workspace_settings.update(scope, {"message_cap": (2, "P7D")})
    found = await message_cap.find(scope.workspace_id)
    assert found is not None
    assert (found.count, found.window, found.since) == (2, "P7D", NOON - timedelta(days=7))
    assert str(found) == "at most 2 messages to a person within 7 days"
    await workspace_settings.update(scope, {"name": "Other"})
    assert await message_cap.find(scope.workspace_id) == found
    await workspace_settings.update(scope, {"message_cap": None})
    assert await message_cap.find(scope.workspace_id) is None


@pytest.mark.parametrize(
    ("count", "window", "paths"),
    [
        (0, "P1D", ["count"]),
        (1001, "P1D", ["count"]),
        (True, "P1D", ["count"]),
        (1, "P0D", ["window"]),
        (1, "P2Y", ["window"]),
        (1, "a week", ["window"]),
        (-1, "", ["count", "window"]),
    ],
)
async def test_a_cap_that_makes_no_sense_is_refused(database: str, count: int, window: str, paths: list[str]) -> None:
    scope = await new_workspace()
    with pytest.raises(Problems) as wrong:
        await workspace_settings.update(scope, {"message_cap": (count, window)})
    assert [error.path for error in wrong.value.errors] == [("messageCap", path) for path in paths]
    assert await message_cap.find(scope.workspace_id) is None
