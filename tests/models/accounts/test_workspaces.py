"""Workspaces."""

import pytest

from models import db
from models.accounts import workspaces
from models.errors import Invalid
from permissions.principal import SYSTEM, Scope


async def test_a_workspace_is_created_and_found(database: str) -> None:
    made = await workspaces.create(" Acme ", timezone="America/New_York", default_country="us")
    assert made == Scope(made.workspace_id, SYSTEM, timezone="America/New_York", default_country="US")
    assert await workspaces.find_system_scope(made.workspace_id) == made
    assert (await workspaces.get(made)).name == "Acme"
    assert await workspaces.find_system_scope(made.workspace_id + 1) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../etc/passwd"},
        {"timezone": ""},
        {"default_country": "Spain"},
        {"default_country": "XX"},
    ],
)
async def test_a_workspace_with_a_mistake_is_not_created(database: str, wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        await workspaces.create(**{"name": "Acme", **wrong})
    assert await db.fetch_value("SELECT count(*) FROM workspaces") == 0


async def test_a_workspace_finds_only_itself(database: str) -> None:
    here, there = await workspaces.create("Here"), await workspaces.create("There")
    assert [one.name for one in await workspaces.by_ids(here, [here.workspace_id, there.workspace_id])] == ["Here"]
    assert await workspaces.by_ids(here, [there.workspace_id]) == []
