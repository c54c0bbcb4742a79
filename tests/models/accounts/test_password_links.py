"""Links that set a password: once, within a day, by anybody who has them."""

import asyncio
from datetime import timedelta

import pytest

from models import clock, db
from models.accounts import members, password_links
from models.accounts.scopes import find_scope
from models.accounts.sessions import Signing
from models.accounts.sign_in import sign_in
from models.errors import Forbidden, Invalid, NotFound
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from tests.kit.workspaces import PASSWORD, new_member, new_workspace, with_permissions

SIGNING = Signing("a secret of the tests, which is 32 bytes", timedelta(minutes=30))
NEW = "seven purple umbrellas"


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


def later(by: timedelta) -> None:
    """From here on it is so much later."""
    then = clock.now() + by
    clock.set_source(lambda: then)


async def invited(workspace: Scope) -> tuple[int, str]:
    """A new member without a password, and the token of the link."""
    member = await members.create(workspace, email="new@example.com", name="New", password=None, role=Role.USER)
    return member.id, (await password_links.create(workspace, member.id)).token


async def refused(token: str, new: str = NEW) -> tuple[str, ...] | None:
    with pytest.raises(Invalid) as error:
        await password_links.set_password(token, new, SIGNING)
    return error.value.path


async def test_a_link_sets_a_password_once_and_signs_in(workspace: Scope) -> None:
    member_id, token = await invited(workspace)
    found = await password_links.find(token)
    assert found is not None
    assert (found["email"], found["workspace"]) == ("new@example.com", "Acme")
    signed_in = await password_links.set_password(token, NEW, SIGNING)
    scope = await find_scope(signed_in.token, SIGNING)
    assert scope is not None
    assert (scope.workspace_id, scope.principal.id) == (workspace.workspace_id, member_id)
    assert await password_links.find(token) is None
    assert await refused(token, "nine yellow teapots") == ("token",)
    assert (await sign_in("new@example.com", NEW, SIGNING)).scope.principal.id == member_id


async def test_a_link_ends_after_a_day_and_with_the_next_one(workspace: Scope) -> None:
    member_id, first = await invited(workspace)
    second = (await password_links.create(workspace, member_id)).token
    assert await refused(first) == ("token",)
    later(timedelta(days=1))
    assert await password_links.find(second) is None
    assert await refused(second) == ("token",)


async def test_a_weak_password_leaves_the_link_as_it_is(workspace: Scope) -> None:
    _, token = await invited(workspace)
    for weak in ("short", "aaaaaaaaaa", "new@example.com"):
        assert await refused(token, weak) == ("new",)
    await password_links.set_password(token, NEW, SIGNING)


async def test_a_link_ends_the_sessions_and_the_password_before_it(workspace: Scope) -> None:
    member = await new_member(workspace)
    before = (await sign_in(member.email, PASSWORD, SIGNING)).token
    token = (await password_links.create(workspace, member.id)).token
    assert await find_scope(before, SIGNING) is not None
    await password_links.set_password(token, NEW, SIGNING)
    assert await find_scope(before, SIGNING) is None
    with pytest.raises(Invalid):
        await sign_in(member.email, PASSWORD, SIGNING)


async def test_a_new_password_ends_an_open_link(workspace: Scope) -> None:
    member_id, token = await invited(workspace)
    await members.update(workspace, member_id, {"name": "Renamed"})
    assert await password_links.find(token) is not None
    await members.update(workspace, member_id, {"password": NEW})
    assert await password_links.find(token) is None


async def test_of_two_who_use_a_link_at_once_one_succeeds(workspace: Scope) -> None:
    _, token = await invited(workspace)
    outcomes = await asyncio.gather(
        *(password_links.set_password(token, f"{NEW} {number}", SIGNING) for number in range(4)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes].count(Invalid) == 3


@pytest.mark.parametrize(
    "forge",
    [
        lambda t: t[:-1],
        lambda t: "1" + t,
        lambda _: "",
        lambda _: "a.b.c",
        lambda _: "1.\u0661.x",
        lambda t: f"{t}.{t}",
        lambda _: "9" * 30 + ".1.x",
    ],
)
async def test_a_forged_link_sets_nothing(workspace: Scope, forge) -> None:
    _, token = await invited(workspace)
    assert await refused(forge(token)) == ("token",)


async def test_who_may_do_less_makes_no_link(workspace: Scope) -> None:
    admin = await new_member(workspace)
    with pytest.raises(Forbidden):
        await password_links.create(with_permissions(workspace, Permission.MEMBER_MANAGE), admin.id)
    with pytest.raises(NotFound):
        await password_links.create(await new_workspace("Other"), admin.id)


async def test_no_link_is_stored_or_recorded(workspace: Scope) -> None:
    _, token = await invited(workspace)
    await password_links.set_password(token, NEW, SIGNING)
    _, open_token = (await new_member(workspace)).id, token
    kept = "".join(
        [
            await db.fetch_value(f"SELECT coalesce(string_agg(t::text, ''), '') FROM {table} t")
            for table in ("password_links", "audit_log", "members")
        ]
    )
    assert open_token.rpartition(".")[2] not in kept
    assert NEW not in kept
