"""Limits of signing in."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from models import clock, db
from models.accounts.sessions import Signing
from models.accounts.sign_in import Asker, sign_in
from models.accounts.sign_in_attempts import MOST_BY_ADDRESS, MOST_BY_DEVICE, MOST_BY_EMAIL, WINDOW
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


HERE, ELSEWHERE = Asker(address="192.0.2.1"), Asker(address="192.0.2.2")


async def fail(email: str, asker: Asker, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Invalid):
            await sign_in(email, "wrong", SIGNING, asker=asker)


async def test_too_many_failures_with_one_email_from_one_address_have_to_wait(workspace: Scope) -> None:
    member = await new_member(workspace)
    await fail(member.email, HERE, MOST_BY_EMAIL)
    with pytest.raises(Throttled) as refused:
        await sign_in(member.email, PASSWORD, SIGNING, asker=HERE)
    assert 0 < refused.value.retry_after_seconds <= WINDOW.total_seconds()
    later(WINDOW + timedelta(seconds=1))
    await sign_in(member.email, PASSWORD, SIGNING, asker=HERE)


async def test_failures_elsewhere_lock_no_member_out(workspace: Scope) -> None:
    member, colleague = await new_member(workspace), await new_member(workspace)
    await fail(member.email, HERE, MOST_BY_EMAIL)
    with pytest.raises(Throttled):
        await sign_in(member.email, "wrong", SIGNING, asker=HERE)
    await sign_in(member.email, PASSWORD, SIGNING, asker=ELSEWHERE)
    await sign_in(colleague.email, PASSWORD, SIGNING, asker=HERE)


async def test_a_known_device_gets_in_from_an_address_that_is_throttled(workspace: Scope) -> None:
    member, colleague = await new_member(workspace), await new_member(workspace)
    device = (await sign_in(member.email, PASSWORD, SIGNING, asker=HERE)).device
    known = replace(HERE, device=device)
    for _ in range(MOST_BY_ADDRESS):
        with pytest.raises((Invalid, Throttled)):
            await sign_in(member.email, "wrong", SIGNING, asker=HERE)
    await db.execute("UPDATE sign_in_attempts SET attempts = 1000")
    with pytest.raises(Throttled):
        await sign_in(member.email, PASSWORD, SIGNING, asker=HERE)
    assert (await sign_in(member.email, PASSWORD, SIGNING, asker=known)).device == device
    for other in (colleague.email, "nobody@example.com"):
        with pytest.raises(Throttled):
            await sign_in(other, PASSWORD, SIGNING, asker=known)
    for forged in (device[:-2], "", "nonsense", device.replace(".", "")):
        with pytest.raises(Throttled):
            await sign_in(member.email, PASSWORD, SIGNING, asker=replace(HERE, device=forged))


async def test_a_known_device_cannot_guess_without_end(workspace: Scope) -> None:
    member = await new_member(workspace)
    known = replace(HERE, device=(await sign_in(member.email, PASSWORD, SIGNING, asker=HERE)).device)
    await fail(member.email, known, MOST_BY_DEVICE)
    with pytest.raises(Throttled):
        await sign_in(member.email, PASSWORD, SIGNING, asker=known)


async def test_an_ipv6_network_is_one_address(workspace: Scope) -> None:
    member = await new_member(workspace)
    for number in range(MOST_BY_EMAIL):
        await fail(member.email, Asker(address=f"2001:db8::{number + 1:x}"), 1)
    with pytest.raises(Throttled):
        await sign_in(member.email, PASSWORD, SIGNING, asker=Asker(address="2001:db8::ffff"))
    await sign_in(member.email, PASSWORD, SIGNING, asker=Asker(address="2001:db8:1::1"))


async def test_many_guesses_at_once_are_limited(workspace: Scope) -> None:
    member = await new_member(workspace)

    async def guess(number: int) -> type[BaseException]:
        try:
            await sign_in(member.email, f"guess {number}", SIGNING, asker=HERE)
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
        await sign_in(member.email, PASSWORD, SIGNING, asker=HERE)
    await sign_in(member.email, PASSWORD, SIGNING, asker=ELSEWHERE)


async def test_signing_in_well_does_not_count(workspace: Scope) -> None:
    member = await new_member(workspace)
    for _ in range(MOST_BY_EMAIL + 2):
        await sign_in(member.email, PASSWORD, SIGNING, asker=HERE)
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
