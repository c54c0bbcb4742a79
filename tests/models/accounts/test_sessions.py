"""Signing in, and what a bearer token stands for."""

import asyncio
import time
from datetime import timedelta

import jwt
import pytest

from models import clock, db
from models.accounts import api_tokens, members, passwords, sessions
from models.accounts.sessions import MOST_BY_ADDRESS, MOST_BY_EMAIL, WINDOW, Signing
from models.errors import Conflict, Invalid, Throttled
from permissions.capabilities import ALL_PERMISSIONS, Permission
from permissions.principal import PrincipalKind, Scope
from permissions.roles import Role
from tests.kit.workspaces import PASSWORD, new_member, new_workspace

SIGNING = Signing("a secret of the tests, which is 32 bytes", timedelta(minutes=30))


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


def later(by: timedelta) -> None:
    """From here on it is so much later."""
    then = clock.now() + by
    clock.set_source(lambda: then)


async def test_a_member_signs_in_and_the_token_says_who_and_where(workspace: Scope) -> None:
    person = await new_member(workspace, Role.USER, (Permission.CONTACT_READ,))
    signed_in = await sessions.sign_in(f" {person.email.upper()} ", PASSWORD, SIGNING)
    scope = await sessions.find_scope(signed_in.token, SIGNING, request_id="r", address="a")
    assert scope is not None
    assert (scope.workspace_id, scope.timezone, scope.default_country) == (
        workspace.workspace_id,
        "Europe/Madrid",
        "ES",
    )
    assert (scope.principal.kind, scope.principal.id) == (PrincipalKind.MEMBER, person.id)
    assert scope.principal.permissions == {Permission.CONTACT_READ}
    assert (scope.request_id, scope.address) == ("r", "a")


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("admin.0@example.com", PASSWORD + "x"),
        ("nobody@example.com", PASSWORD),
        ("admin.0@example.com", "x" * 10_000),
        ("admin.0@example.com", "\x00"),
        ("", ""),
    ],
)
async def test_every_wrong_sign_in_is_told_the_same(workspace: Scope, email: str, password: str) -> None:
    await new_member(workspace)
    with pytest.raises(Invalid, match=r"^no member has this e-mail and password$") as refused:
        await sessions.sign_in(email, password, SIGNING)
    assert refused.value.path is None


async def test_an_unknown_email_takes_as_long_as_a_wrong_password(workspace: Scope) -> None:
    passwords.set_cost(iterations=4, memory_kib=16_384)
    try:
        await new_member(workspace)
        await _seconds("nobody@example.com")  # nobody's hash is made once
        known, unknown = await _seconds("admin.0@example.com"), await _seconds("nobody@example.com")
    finally:
        passwords.set_cost(iterations=1, memory_kib=64)
    assert 0.5 < known / unknown < 2, "who has an account can be told by the time that it takes"


async def _seconds(email: str) -> float:
    """The quickest of several wrong sign-ins: what others do on the machine makes them slower, never quicker."""
    times = []
    for _ in range(4):
        start = time.perf_counter()
        with pytest.raises(Invalid):
            await sessions.sign_in(email, "not the password", SIGNING)
        times.append(time.perf_counter() - start)
    return min(times)


async def test_who_has_the_same_password_in_two_workspaces_says_which(workspace: Scope) -> None:
    other = await new_workspace("Other")
    here, there = await new_member(workspace, name="ana"), await new_member(other, name="ana")
    with pytest.raises(Conflict, match="2 workspaces") as refused:
        await sessions.sign_in(here.email, PASSWORD, SIGNING)
    assert refused.value.path == ("workspaceId",)
    chosen = await sessions.sign_in(here.email, PASSWORD, SIGNING, workspace_id=other.workspace_id)
    assert (chosen.scope.workspace_id, chosen.scope.principal.id) == (other.workspace_id, there.id)
    await members.update(other, there.id, {"password": "another password"})
    assert (await sessions.sign_in(here.email, PASSWORD, SIGNING)).scope.workspace_id == workspace.workspace_id
    third = await new_workspace("Third")
    with pytest.raises(Invalid):
        await sessions.sign_in(here.email, PASSWORD, SIGNING, workspace_id=third.workspace_id)


async def test_too_many_failures_with_one_email_have_to_wait(workspace: Scope) -> None:
    person = await new_member(workspace)
    for _ in range(MOST_BY_EMAIL):
        with pytest.raises(Invalid):
            await sessions.sign_in(person.email, "wrong", SIGNING)
    with pytest.raises(Throttled) as refused:
        await sessions.sign_in(person.email, PASSWORD, SIGNING)
    assert 0 < refused.value.retry_after_seconds <= WINDOW.total_seconds()
    later(WINDOW + timedelta(seconds=1))
    await sessions.sign_in(person.email, PASSWORD, SIGNING)


async def test_a_burst_of_guesses_does_not_slip_through(workspace: Scope) -> None:
    person = await new_member(workspace)

    async def guess(number: int) -> type[BaseException]:
        try:
            await sessions.sign_in(person.email, f"guess {number}", SIGNING)
        except (Invalid, Throttled) as error:
            return type(error)
        raise AssertionError("a guess was right")

    outcomes = await asyncio.gather(*map(guess, range(MOST_BY_EMAIL * 3)))
    assert outcomes.count(Invalid) == MOST_BY_EMAIL


async def test_one_address_cannot_try_everybody(workspace: Scope) -> None:
    await db.execute(
        "INSERT INTO sign_in_attempts VALUES ('address:192.0.2.1', $1, $2)", MOST_BY_ADDRESS, clock.now() + WINDOW
    )
    person = await new_member(workspace)
    with pytest.raises(Throttled):
        await sessions.sign_in(person.email, PASSWORD, SIGNING, address="192.0.2.1")
    await sessions.sign_in(person.email, PASSWORD, SIGNING, address="192.0.2.2")


async def test_signing_in_is_never_held_against_anybody(workspace: Scope) -> None:
    person = await new_member(workspace)
    for _ in range(MOST_BY_EMAIL + 2):
        await sessions.sign_in(person.email, PASSWORD, SIGNING, address="192.0.2.1")
    assert {row["attempts"] for row in await db.fetch("SELECT attempts FROM sign_in_attempts")} == {0}


async def test_attempts_of_long_ago_are_forgotten_and_hold_no_email(workspace: Scope) -> None:
    for number in range(5):
        with pytest.raises(Invalid):
            await sessions.sign_in(f"nobody{number}@example.com", "wrong", SIGNING)
    keys = [row["key"] for row in await db.fetch("SELECT key FROM sign_in_attempts")]
    assert len(keys) == 5
    assert not any("nobody" in key for key in keys)
    later(WINDOW + timedelta(seconds=1))
    with pytest.raises(Invalid):
        await sessions.sign_in("nobody9@example.com", "wrong", SIGNING)
    assert await db.fetch_value("SELECT count(*) FROM sign_in_attempts") == 1


# ---------------------------------------------------------------- sessions


async def token_of(workspace: Scope, number: int) -> str:
    token = await sessions.token_of(workspace, number, SIGNING)
    assert token is not None
    return token


async def test_a_session_ends_by_itself(workspace: Scope) -> None:
    token = await token_of(workspace, (await new_member(workspace)).id)
    assert await sessions.find_scope(token, SIGNING) is not None
    later(SIGNING.lifetime)
    assert await sessions.find_scope(token, SIGNING) is None


async def test_a_change_of_role_counts_from_the_next_operation_on(workspace: Scope) -> None:
    await new_member(workspace)
    person = await new_member(workspace, Role.MANAGER)
    token = await token_of(workspace, person.id)
    await members.update(workspace, person.id, {"role": Role.USER, "permissions": [Permission.JOB_READ]})
    scope = await sessions.find_scope(token, SIGNING)
    assert scope is not None
    assert scope.principal.permissions == {Permission.JOB_READ}
    await members.delete(workspace, person.id)
    assert await sessions.find_scope(token, SIGNING) is None


async def test_a_new_password_ends_the_sessions_before_it(workspace: Scope) -> None:
    person = await new_member(workspace)
    token = await token_of(workspace, person.id)
    await members.update(workspace, person.id, {"name": "Another name"})
    assert await sessions.find_scope(token, SIGNING) is not None
    await members.update(workspace, person.id, {"password": "another password"})
    assert await sessions.find_scope(token, SIGNING) is None
    assert await sessions.find_scope(await token_of(workspace, person.id), SIGNING) is not None


async def test_a_forged_token_stands_for_nobody(workspace: Scope) -> None:
    person = await new_member(workspace)
    token = await token_of(workspace, person.id)
    head, body, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    forgeries = [
        jwt.encode(claims, "another secret that is long enough for it", algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode({**claims, "ws": "1; DROP TABLE members"}, SIGNING.secret, algorithm="HS256"),
        jwt.encode({"sub": "1"}, SIGNING.secret, algorithm="HS256"),
        f"{head}.{body}.{signature[::-1]}",
        f"{head}.{body}.",
        "..",
        "",
        "nonsense",
        "é" * 40,
    ]
    for forged in forgeries:
        assert await sessions.find_scope(forged, SIGNING) is None, forged


# ---------------------------------------------------------------- API tokens


async def test_a_token_stands_for_exactly_its_permissions(workspace: Scope) -> None:
    token, secret = await api_tokens.create(workspace, name="app", permissions=[Permission.CONTACT_READ])
    scope = await sessions.find_scope(secret, SIGNING)
    assert scope is not None
    assert (scope.principal.kind, scope.principal.id) == (PrincipalKind.TOKEN, token.id)
    assert scope.principal.permissions == {Permission.CONTACT_READ}
    assert await sessions.find_scope(secret[:-1], SIGNING) is None
    assert await sessions.find_scope("muster_\x00", SIGNING) is None


async def test_only_a_hash_of_the_secret_is_kept(workspace: Scope) -> None:
    _, secret = await api_tokens.create(workspace, name="app", permissions=[])
    kept = await db.fetch_value("SELECT string_agg(t::text, '') FROM api_tokens t")
    written_down = await db.fetch_value("SELECT string_agg(a::text, '') FROM audit_log a")
    assert secret not in kept + written_down
    assert secret.removeprefix("muster_") not in kept + written_down


async def test_a_revoked_or_expired_token_stands_for_nobody(workspace: Scope) -> None:
    token, secret = await api_tokens.create(workspace, name="app", permissions=ALL_PERMISSIONS)
    first = await api_tokens.revoke(workspace, token.id)
    assert await sessions.find_scope(secret, SIGNING) is None
    assert (await api_tokens.revoke(workspace, token.id)).revoked_at == first.revoked_at
    _, short = await api_tokens.create(
        workspace, name="app", permissions=[], expires_at=clock.now() + timedelta(minutes=5)
    )
    assert await sessions.find_scope(short, SIGNING) is not None
    later(timedelta(minutes=5))
    assert await sessions.find_scope(short, SIGNING) is None


async def test_a_tokens_last_use_is_noted_at_most_once_a_minute(workspace: Scope) -> None:
    token, secret = await api_tokens.create(workspace, name="app", permissions=[])

    async def last_used():
        await sessions.find_scope(secret, SIGNING)
        return (await api_tokens.by_ids(workspace, [token.id]))[0].last_used_at

    later(timedelta())
    first = await last_used()
    assert first == clock.now()
    later(timedelta(seconds=59))
    assert await last_used() == first
    later(timedelta(seconds=2))
    assert await last_used() == clock.now()


async def test_a_token_outlives_the_membership_of_its_maker(workspace: Scope) -> None:
    await new_member(workspace)
    maker = await new_member(workspace)
    signed_in = await sessions.sign_in(maker.email, PASSWORD, SIGNING)
    _, secret = await api_tokens.create(signed_in.scope, name="app", permissions=[Permission.SEGMENT_READ])
    await members.delete(workspace, maker.id)
    scope = await sessions.find_scope(secret, SIGNING)
    assert scope is not None
    assert scope.principal.permissions == {Permission.SEGMENT_READ}
