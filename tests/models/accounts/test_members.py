"""Members: who may change them, and what they may be granted."""

import asyncio

import pytest

from models import db
from models.accounts import api_tokens, members
from models.errors import Forbidden, Invalid, NotAllowedInState, NotFound, Problems, Taken
from permissions.capabilities import ADMIN_ONLY, ALL_PERMISSIONS, Permission
from permissions.principal import Scope
from permissions.roles import Role
from tests.kit.workspaces import PASSWORD, as_member, new_member, new_workspace, with_permissions


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def create(scope: Scope, role: Role = Role.USER, permissions=(), **given: str):
    values = {"email": "new@example.com", "name": "New", "password": PASSWORD, **given}
    return await members.create(scope, role=role, permissions=permissions, **values)


async def test_every_mistake_is_raised_at_once(workspace: Scope) -> None:
    with pytest.raises(Problems) as refused:
        await create(workspace, email="nobody", name="  ", password="too short")
    assert {error.path: error.message for error in refused.value.errors}[("password",)] == (
        "a password has at least 10 characters; this one has 9"
    )
    assert {error.path for error in refused.value.errors} == {("email",), ("name",), ("password",)}


async def test_an_email_is_one_member_whatever_its_case(workspace: Scope) -> None:
    await create(workspace, email="Ana@Example.com")
    with pytest.raises(Taken) as refused:
        await create(workspace, email="ana@example.COM")
    assert refused.value.path == ("email",)
    assert (await create(await new_workspace("Other"), email="ana@example.com")).email == "ana@example.com"


@pytest.mark.parametrize(
    ("role", "granted", "powers"),
    [
        (Role.ADMIN, (), ALL_PERMISSIONS),
        (Role.ADMIN, (Permission.AUDIT_READ,), ALL_PERMISSIONS),
        (Role.MANAGER, (), ALL_PERMISSIONS - ADMIN_ONLY),
        (Role.USER, (), frozenset()),
        (Role.USER, (Permission.AUDIT_READ,), frozenset({Permission.AUDIT_READ})),
    ],
)
async def test_a_role_brings_its_permissions(workspace: Scope, role: Role, granted, powers) -> None:
    assert members.permissions_of_member(await create(workspace, role, granted)) == powers


async def test_a_manager_cannot_be_granted_what_only_an_admin_has(workspace: Scope) -> None:
    with pytest.raises(Invalid, match="TOKEN_MANAGE") as refused:
        await create(workspace, Role.MANAGER, (Permission.TOKEN_MANAGE,))
    assert refused.value.path == ("permissions",)


async def test_a_caller_grants_only_permissions_that_it_has(workspace: Scope) -> None:
    giver = with_permissions(workspace, Permission.MEMBER_MANAGE, Permission.TOKEN_MANAGE, Permission.JOB_READ)
    await create(giver, Role.USER, (Permission.JOB_READ, Permission.MEMBER_MANAGE))
    for role, granted, place in (
        (Role.ADMIN, (), "role"),
        (Role.MANAGER, (), "role"),
        (Role.USER, (Permission.JOB_RUN,), "permissions"),
    ):
        with pytest.raises(Invalid) as refused:
            await create(giver, role, granted, email="other@example.com")
        assert refused.value.path == (place,)
    with pytest.raises(Invalid, match="you can't give what you don't hold yourself: JOB_RUN"):
        await api_tokens.create(giver, name="app", permissions=[Permission.JOB_RUN])


async def test_a_member_with_more_permissions_is_not_changed_or_removed(workspace: Scope) -> None:
    admin = await new_member(workspace)
    giver = with_permissions(workspace, Permission.MEMBER_MANAGE)
    for change in (
        members.update(giver, admin.id, {"password": "taken over by me"}),
        members.update(giver, admin.id, {"role": Role.USER}),
        members.delete(giver, admin.id),
    ):
        with pytest.raises(Forbidden):
            await change
    plain = await create(workspace)
    with pytest.raises(Invalid):
        await members.update(giver, plain.id, {"role": Role.MANAGER})
    assert (await members.update(giver, plain.id, {"name": "Renamed"})).name == "Renamed"


async def test_a_new_user_has_only_the_given_permissions(workspace: Scope) -> None:
    await new_member(workspace)
    member = await create(workspace, Role.USER, (Permission.CONTACT_READ,))
    await members.update(workspace, member.id, {"role": Role.MANAGER})
    assert members.permissions_of_member(await members.update(workspace, member.id, {"role": Role.USER})) == frozenset()
    granted = await members.update(workspace, member.id, {"permissions": [Permission.JOB_READ]})
    assert members.permissions_of_member(granted) == {Permission.JOB_READ}
    still = await members.update(workspace, member.id, {"role": Role.USER, "name": "Renamed"})
    assert members.permissions_of_member(still) == {Permission.JOB_READ}


async def test_the_last_admin_stays(workspace: Scope) -> None:
    admin = await new_member(workspace)
    scope = as_member(workspace, admin)
    with pytest.raises(NotAllowedInState, match="last ADMIN"):
        await members.update(scope, admin.id, {"role": Role.MANAGER})
    with pytest.raises(NotAllowedInState, match="last ADMIN"):
        await members.delete(scope, admin.id)
    second = await new_member(workspace)
    await members.delete(scope, admin.id)
    assert [member.id for member in await members.everyone(workspace)] == [second.id]


async def test_an_admin_who_cannot_sign_in_yet_does_not_count(workspace: Scope) -> None:
    admin = await new_member(workspace)
    await members.create(workspace, email="new@example.com", name="New", password=None, role=Role.ADMIN)
    with pytest.raises(NotAllowedInState, match="last ADMIN"):
        await members.update(workspace, admin.id, {"role": Role.USER})
    with pytest.raises(NotAllowedInState, match="last ADMIN"):
        await members.delete(workspace, admin.id)


async def test_other_members_are_removed_beside_the_last_admin(workspace: Scope) -> None:
    await new_member(workspace)
    member = await new_member(workspace, Role.MANAGER)
    await members.update(workspace, member.id, {"role": Role.USER})
    await members.delete(workspace, member.id)


async def test_a_weak_password_is_refused(workspace: Scope) -> None:
    for weak in ("aaaaaaaaaa", "new@example.com"):
        with pytest.raises(Invalid, match="too easy to guess") as refused:
            await create(workspace, password=weak)
        assert refused.value.path == ("password",)
    member = await create(workspace)
    with pytest.raises(Invalid, match="too easy to guess") as refused:
        await members.update(workspace, member.id, {"password": "new@example.com"})
    assert refused.value.path == ("password",)


async def test_of_two_admins_who_remove_each_other_one_stays(workspace: Scope) -> None:
    one, other = await new_member(workspace), await new_member(workspace)
    outcomes = await asyncio.gather(
        members.delete(as_member(workspace, one), other.id),
        members.update(as_member(workspace, other), one.id, {"role": Role.USER}),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes].count(NotAllowedInState) == 1
    assert [member.role for member in await members.everyone(workspace)].count("ADMIN") == 1


async def test_a_member_of_another_workspace_is_not_found(workspace: Scope) -> None:
    stranger = await new_member(await new_workspace("Other"))
    for change in (members.update(workspace, stranger.id, {"name": "X"}), members.delete(workspace, stranger.id)):
        with pytest.raises(NotFound) as refused:
            await change
        assert refused.value.path == ("id",)
    assert await members.by_ids(workspace, [stranger.id]) == []


async def test_an_update_without_effect_is_not_recorded(workspace: Scope) -> None:
    member = await new_member(workspace)
    written = await db.fetch_value("SELECT count(*) FROM audit_log")
    await members.update(workspace, member.id, {"name": member.name, "role": Role.ADMIN})
    assert await db.fetch_value("SELECT count(*) FROM audit_log") == written


async def test_no_password_is_stored_or_audited(workspace: Scope) -> None:
    member = await new_member(workspace)
    await members.update(workspace, member.id, {"password": "seven purple umbrellas"})
    kept = await db.fetch_value("SELECT string_agg(p::text, '') FROM members p")
    written = await db.fetch_value("SELECT string_agg(a::text, '') FROM audit_log a")
    assert "$argon2id$" in kept
    for secret in (PASSWORD, "seven purple umbrellas"):
        assert secret not in kept + written
    assert member.email not in written
