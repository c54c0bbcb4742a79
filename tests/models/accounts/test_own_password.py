"""A member changes the own password."""

from datetime import timedelta

import pytest

from models.accounts import own_password
from models.accounts.scopes import find_scope
from models.accounts.sessions import Signing
from models.accounts.sign_in import sign_in
from models.accounts.sign_in_attempts import MOST_BY_DEVICE
from models.errors import Invalid, Throttled, Unsupported
from permissions.principal import Scope
from tests.kit.workspaces import PASSWORD, new_member, new_workspace, with_permissions

SIGNING = Signing("a secret of the tests, which is 32 bytes", timedelta(minutes=30))
NEW = "seven purple umbrellas"


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def session(email: str) -> tuple[str, Scope]:
    """A bearer token and its scope."""
    token = (await sign_in(email, PASSWORD, SIGNING)).token
    scope = await find_scope(token, SIGNING)
    assert scope is not None
    return token, scope


async def test_a_new_password_ends_the_other_sessions_alone(workspace: Scope) -> None:
    member, colleague = await new_member(workspace), await new_member(workspace)
    (other, _), (own, scope), (foreign, _) = [await session(one.email) for one in (member, member, colleague)]
    await own_password.change(scope, PASSWORD, NEW)
    alive = [await find_scope(token, SIGNING) is not None for token in (other, own, foreign)]
    assert alive == [False, True, True]
    await sign_in(member.email, NEW, SIGNING)
    with pytest.raises(Invalid):
        await sign_in(member.email, PASSWORD, SIGNING)


@pytest.mark.parametrize(
    ("current", "new", "path"),
    [
        ("wrong password", NEW, "current"),
        ("x" * 1000, NEW, "current"),
        ("", NEW, "current"),
        (PASSWORD, "short", "new"),
        (PASSWORD, "aaaaaaaaaa", "new"),
        (PASSWORD, PASSWORD, "new"),
        (PASSWORD, "admin.0@example.com", "new"),
    ],
)
async def test_what_is_wrong_is_told_and_changes_nothing(workspace: Scope, current: str, new: str, path: str) -> None:
    member = await new_member(workspace)
    _, scope = await session(member.email)
    with pytest.raises(Invalid) as refused:
        await own_password.change(scope, current, new)
    assert refused.value.path == (path,)
    await sign_in(member.email, PASSWORD, SIGNING)


async def test_a_stolen_session_cannot_guess_the_password(workspace: Scope) -> None:
    member = await new_member(workspace)
    _, scope = await session(member.email)
    for _ in range(MOST_BY_DEVICE):
        with pytest.raises(Invalid):
            await own_password.change(scope, "wrong password", NEW)
    with pytest.raises(Throttled):
        await own_password.change(scope, PASSWORD, NEW)


async def test_an_api_token_has_no_password(workspace: Scope) -> None:
    with pytest.raises(Unsupported):
        await own_password.change(with_permissions(workspace), PASSWORD, NEW)
