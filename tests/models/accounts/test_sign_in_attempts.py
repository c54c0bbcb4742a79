"""Limits of signing in."""

import asyncio
from datetime import timedelta

import pytest

from models import clock, db
from models.accounts.sessions import Signing
from models.accounts.sign_in import sign_in
from models.accounts.sign_in_attempts import MOST_BY_ADDRESS, MOST_BY_EMAIL, WINDOW
from models.errors import Invalid, Throttled
from permissions.principal import Scope
from tests.kit.workspaces import PASSWORD, new_member, new_workspace

SIGNING = Signing("a secret of the tests, which is 32 bytes", timedelta(minutes=30))


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


def later(by: timedelta) -> None:
    """From here on it is so much later."""
    then = clock.now() + by
    clock.set_source(lambda: then)


async def test_too_many_failures_with_one_email_have_to_wait(workspace: Scope) -> None:
    member = await new_member(workspace)
    for _ in range(MOST_BY_EMAIL):
        with pytest.raises(Invalid):
            await sign_in(member.email, "wrong", SIGNING)
    with pytest.raises(Throttled) as refused:
        await sign_in(member.email, PASSWORD, SIGNING)
    assert 0 < refused.value.retry_after_seconds <= WINDOW.total_seconds()
    later(WINDOW + timedelta(seconds=1))
    await sign_in(member.email, PASSWORD, SIGNING)


async def test_many_guesses_at_once_are_limited(workspace: Scope) -> None:
    member = await new_member(workspace)

    async def guess(number: int) -> type[BaseException]:
        try:
            await sign_in(member.email, f"guess {number}", SIGNING)
        except (Invalid, Throttled) as error:
            return type(error)
        raise AssertionError("a guess was right")

    outcomes = await asyncio.gather(*map(guess, range(MOST_BY_EMAIL * 3)))
    assert outcomes.count(Invalid) == MOST_BY_EMAIL


async def test_attempts_from_one_address_are_limited(workspace: Scope) -> None:
    await db.execute(
        "INSERT INTO sign_in_attempts VALUES ('address:192.0.2.1', $1, $2)", MOST_BY_ADDRESS, clock.now() + WINDOW
    )
    member = await new_member(workspace)
    with pytest.raises(Throttled):
        await sign_in(member.email, PASSWORD, SIGNING, address="192.0.2.1")
    await sign_in(member.email, PASSWORD, SIGNING, address="192.0.2.2")


async def test_signing_in_well_does_not_count(workspace: Scope) -> None:
    member = await new_member(workspace)
    for _ in range(MOST_BY_EMAIL + 2):
        await sign_in(member.email, PASSWORD, SIGNING, address="192.0.2.1")
    assert {row["attempts"] for row in await db.fetch("SELECT attempts FROM sign_in_attempts")} == {0}


async def test_old_attempts_are_removed_and_hold_no_email(workspace: Scope) -> None:
    for number in range(5):
        with pytest.raises(Invalid):
            await sign_in(f"nobody{number}@example.com", "wrong", SIGNING)
    keys = [row["key"] for row in await db.fetch("SELECT key FROM sign_in_attempts")]
    assert len(keys) == 5
    assert not any("nobody" in key for key in keys)
    later(WINDOW + timedelta(seconds=1))
    with pytest.raises(Invalid):
        await sign_in("nobody9@example.com", "wrong", SIGNING)
    assert await db.fetch_value("SELECT count(*) FROM sign_in_attempts") == 1
