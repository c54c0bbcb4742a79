"""Workspaces: made with a zone and a country that exist."""

import pytest

from models import db
from models.accounts import passwords, workspaces
from models.errors import Invalid
from permissions.principal import SYSTEM, Scope


async def test_a_workspace_is_made_and_found_again(database: str) -> None:
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
async def test_a_workspace_that_makes_no_sense_is_not_made(database: str, wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        await workspaces.create(**{"name": "Acme", **wrong})
    assert await db.fetch_value("SELECT count(*) FROM workspaces") == 0


async def test_a_workspace_sees_itself_alone(database: str) -> None:
    here, there = await workspaces.create("Here"), await workspaces.create("There")
    assert [one.name for one in await workspaces.by_ids(here, [here.workspace_id, there.workspace_id])] == ["Here"]
    assert await workspaces.by_ids(here, [there.workspace_id]) == []


async def test_a_password_matches_its_own_hash_alone() -> None:
    stored = await passwords.hashed("correct horse")
    assert stored.startswith("$argon2id$")
    assert stored != await passwords.hashed("correct horse"), "each hash has its own salt"
    assert await passwords.matches("correct horse", stored)
    assert not await passwords.matches("correct horsf", stored)
    assert not await passwords.matches("correct horse", None)
    assert not await passwords.matches("correct horse", "no hash at all")


@pytest.mark.parametrize("wrong", ["short", "x" * 201, "nul\x00 in the midst", 12345678901])
def test_a_password_that_is_not_good_enough_is_refused(wrong: object) -> None:
    with pytest.raises(Invalid):
        passwords.check_password(wrong)
