"""What ends a session, and what is none."""

from dataclasses import replace
from datetime import timedelta

import jwt
import pytest

from models import clock, db
from models.accounts import members, sessions
from models.accounts.scopes import find_scope
from models.accounts.sessions import Signing
from models.errors import Unauthenticated, Unsupported
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from tests.kit.workspaces import new_member, new_workspace

SIGNING = Signing("a secret of the tests, which is 32 bytes", timedelta(minutes=30))


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


def later(by: timedelta) -> None:
    """From here on it is so much later."""
    then = clock.now() + by
    clock.set_source(lambda: then)


async def token_of(workspace: Scope, number: int) -> str:
    token = await sessions.token_of(workspace, number, SIGNING)
    assert token is not None
    return token


async def test_a_session_ends_by_itself(workspace: Scope) -> None:
    token = await token_of(workspace, (await new_member(workspace)).id)
    assert await find_scope(token, SIGNING) is not None
    later(SIGNING.lifetime)
    assert await find_scope(token, SIGNING) is None


async def test_a_new_role_counts_from_the_next_operation_on(workspace: Scope) -> None:
    await new_member(workspace)
    member = await new_member(workspace, Role.MANAGER)
    token = await token_of(workspace, member.id)
    await members.update(workspace, member.id, {"role": Role.USER, "permissions": [Permission.JOB_READ]})
    scope = await find_scope(token, SIGNING)
    assert scope is not None
    assert scope.principal.permissions == {Permission.JOB_READ}
    await members.delete(workspace, member.id)
    assert await find_scope(token, SIGNING) is None


async def test_a_new_password_ends_the_sessions_before_it(workspace: Scope) -> None:
    member = await new_member(workspace)
    token = await token_of(workspace, member.id)
    await members.update(workspace, member.id, {"name": "Another name"})
    assert await find_scope(token, SIGNING) is not None
    await members.update(workspace, member.id, {"password": "seven purple umbrellas"})
    assert await find_scope(token, SIGNING) is None
    assert await find_scope(await token_of(workspace, member.id), SIGNING) is not None


async def scope_with(token: str) -> Scope:
    scope = await find_scope(token, SIGNING)
    assert scope is not None
    return scope


async def test_a_refreshed_session_has_one_token(workspace: Scope) -> None:
    member = await new_member(workspace)
    first, other = await token_of(workspace, member.id), await token_of(workspace, member.id)
    later(SIGNING.lifetime / 2)
    second = await sessions.refresh(await scope_with(first), SIGNING)
    assert [await find_scope(token, SIGNING) is not None for token in (first, second, other)] == [False, True, True]
    later(SIGNING.lifetime * 3 / 4)
    assert await find_scope(other, SIGNING) is None
    await scope_with(second)


async def test_a_session_is_not_refreshed_for_ever(workspace: Scope) -> None:
    token = await token_of(workspace, (await new_member(workspace)).id)
    for _ in range(4):
        later(SIGNING.lifetime * 0.9)
        token = await sessions.refresh(await scope_with(token), SIGNING)
    later(SIGNING.lifetime * 0.9)
    with pytest.raises(Unauthenticated):
        await sessions.refresh(await scope_with(token), replace(SIGNING, longest=SIGNING.lifetime * 4))


async def test_an_ended_session_ends_alone(workspace: Scope) -> None:
    member = await new_member(workspace)
    one, other = await token_of(workspace, member.id), await token_of(workspace, member.id)
    await sessions.end(await scope_with(one))
    assert [await find_scope(token, SIGNING) is not None for token in (one, other)] == [False, True]


async def test_expired_sessions_leave_no_rows(workspace: Scope) -> None:
    member = await new_member(workspace)
    await token_of(workspace, member.id)
    later(SIGNING.lifetime)
    await token_of(workspace, member.id)
    assert await db.fetch_value("SELECT count(*) FROM member_sessions") == 1


async def test_a_token_of_a_version_without_sessions_holds_until_the_next_password(workspace: Scope) -> None:
    member = await new_member(workspace)
    claims = {"sub": str(member.id), "ws": workspace.workspace_id, "pv": 1, "exp": clock.now() + SIGNING.lifetime}
    token = jwt.encode(claims, SIGNING.secret, algorithm="HS256")
    scope = await scope_with(token)
    with pytest.raises(Unsupported):
        await sessions.refresh(scope, SIGNING)
    await members.update(workspace, member.id, {"password": "seven purple umbrellas"})
    assert await find_scope(token, SIGNING) is None


async def test_a_token_of_another_session_or_number_has_no_scope(workspace: Scope) -> None:
    member, colleague = await new_member(workspace), await new_member(workspace)
    token = await token_of(workspace, member.id)
    await token_of(workspace, colleague.id)
    claims = jwt.decode(token, options={"verify_signature": False})
    for change in ({"n": 2}, {"n": 0}, {"sid": claims["sid"] + 1}, {"sub": str(colleague.id)}, {"sid": "x"}):
        forged = jwt.encode({**claims, **change}, SIGNING.secret, algorithm="HS256")
        assert await find_scope(forged, SIGNING) is None, change


async def test_a_forged_token_has_no_scope(workspace: Scope) -> None:
    member = await new_member(workspace)
    token = await token_of(workspace, member.id)
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
        assert await find_scope(forged, SIGNING) is None, forged
