"""Signing in by e-mail and password."""

import math
import time
from datetime import timedelta

import pytest

from models import db
from models.accounts import members, passwords, sign_in_emails, workspace_deletion
from models.accounts.scopes import find_scope
from models.accounts.sessions import Signing
from models.accounts.sign_in import sign_in
from models.errors import Conflict, Invalid
from permissions.capabilities import Permission
from permissions.principal import PrincipalKind, Scope
from permissions.roles import Role
from tests.kit.workspaces import PASSWORD, new_member, new_workspace

SIGNING = Signing("a secret of the tests, which is 32 bytes", timedelta(minutes=30))


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


async def test_a_member_signs_in_and_gets_a_scope(workspace: Scope) -> None:
    member = await new_member(workspace, Role.USER, (Permission.CONTACT_READ,))
    signed_in = await sign_in(f" {member.email.upper()} ", PASSWORD, SIGNING)
    scope = await find_scope(signed_in.token, SIGNING, request_id="r", address="a")
    assert scope is not None
    assert (scope.workspace_id, scope.timezone, scope.default_country) == (
        workspace.workspace_id,
        "Europe/Madrid",
        "ES",
    )
    assert (scope.principal.kind, scope.principal.id) == (PrincipalKind.MEMBER, member.id)
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
async def test_every_wrong_sign_in_has_the_same_error(workspace: Scope, email: str, password: str) -> None:
    await new_member(workspace)
    with pytest.raises(Invalid, match=r"^no member has this e-mail and password$") as refused:
        await sign_in(email, password, SIGNING)
    assert refused.value.path is None


async def test_an_unknown_email_takes_as_long_as_a_wrong_password(workspace: Scope) -> None:
    passwords.set_cost(iterations=4, memory_kib=16_384)
    try:
        await new_member(workspace)
        await _seconds("nobody@example.com")  # nobody's hash is made once
        known = unknown = math.inf  # other work on the machine makes a time longer, never shorter
        for pair in range(1, 31):
            known = min(known, await _seconds("admin.0@example.com"))
            unknown = min(unknown, await _seconds("nobody@example.com"))
            if pair >= 6 and 0.5 < known / unknown < 2:
                return
    finally:
        passwords.set_cost(iterations=1, memory_kib=64)
    raise AssertionError(f"who has an account can be told by the time that it takes: {known} and {unknown} s")


async def test_members_with_one_email_in_several_workspaces_share_a_salt(workspace: Scope) -> None:
    others = [await new_workspace(f"Other {number}") for number in range(3)]
    people = [await new_member(scope, name="ana") for scope in (workspace, *others)]
    await members.update(others[0], people[1].id, {"password": "seven purple umbrellas"})
    assert len(await salts("ana@example.com")) == 1
    assert len(await salts("%@example.com")) == 1


async def test_hashes_of_before_come_to_share_a_salt_as_members_sign_in(workspace: Scope) -> None:
    other = await new_workspace("Other")
    await new_member(workspace, name="ana")
    there = await new_member(other, name="ana")
    await db.execute("UPDATE members SET password_hash = $2 WHERE id = $1", there.id, await passwords.hashed(PASSWORD))
    assert len(await salts("ana@example.com")) == 2
    token = (await sign_in("ana@example.com", PASSWORD, SIGNING, workspace_id=other.workspace_id)).token
    assert await find_scope(token, SIGNING) is not None
    await sign_in("ana@example.com", PASSWORD, SIGNING, workspace_id=other.workspace_id)
    with pytest.raises(Conflict):
        await sign_in("ana@example.com", PASSWORD, SIGNING)


async def salts(email: str) -> set[str]:
    rows = await db.fetch("SELECT password_hash FROM members WHERE email LIKE $1", email)
    return {row["password_hash"].rpartition("$")[0] for row in rows}


@pytest.mark.parametrize("workspaces", [0, 1, 3])
async def test_a_sign_in_takes_one_computation_however_many_workspaces_know_the_email(
    database: str, workspaces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(workspaces):
        await new_member(await new_workspace(f"Workspace {number}"), name="ana")
    computed = []
    compute = passwords.hash_secret

    def counted(*arguments: object) -> bytes:
        computed.append(arguments)
        return compute(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(passwords, "hash_secret", counted)
    with pytest.raises(Invalid):
        await sign_in("ana@example.com", "not the password", SIGNING)
    assert len(computed) == 1


async def test_a_member_without_a_password_cannot_sign_in(workspace: Scope) -> None:
    await members.create(workspace, email="new@example.com", name="New", password=None, role=Role.ADMIN)
    for password in ("", PASSWORD):
        with pytest.raises(Invalid):
            await sign_in("new@example.com", password, SIGNING)


async def _seconds(email: str) -> float:
    """How long a wrong sign-in takes."""
    start = time.perf_counter()
    with pytest.raises(Invalid):
        await sign_in(email, "not the password", SIGNING)
    return time.perf_counter() - start


async def test_a_password_good_in_two_workspaces_needs_the_workspace(workspace: Scope) -> None:
    other = await new_workspace("Other")
    here, there = await new_member(workspace, name="ana"), await new_member(other, name="ana")
    with pytest.raises(Conflict, match="2 workspaces") as refused:
        await sign_in(here.email, PASSWORD, SIGNING)
    assert refused.value.path == ("workspaceId",)
    chosen = await sign_in(here.email, PASSWORD, SIGNING, workspace_id=other.workspace_id)
    assert (chosen.scope.workspace_id, chosen.scope.principal.id) == (other.workspace_id, there.id)
    await members.update(other, there.id, {"password": "seven purple umbrellas"})
    assert (await sign_in(here.email, PASSWORD, SIGNING)).scope.workspace_id == workspace.workspace_id
    third = await new_workspace("Third")
    with pytest.raises(Invalid):
        await sign_in(here.email, PASSWORD, SIGNING, workspace_id=third.workspace_id)


async def test_sign_in_asks_only_the_workspaces_that_the_table_of_emails_names(workspace: Scope) -> None:
    other = await new_workspace("Other")
    ana, same = await new_member(workspace, name="ana"), await new_member(other, name="ana")
    assert ana.email == same.email
    assert [place.member_id for place in await sign_in_emails.places(ana.email)] == [ana.id, same.id]
    assert await sign_in_emails.places(ana.email, other.workspace_id) == [(other.workspace_id, same.id)]
    await new_member(other)
    await members.delete(other, same.id)
    assert (await sign_in(ana.email, PASSWORD, SIGNING)).scope.principal.id == ana.id
    assert await sign_in_emails.places(ana.email) == [(workspace.workspace_id, ana.id)]
    await workspace_deletion.begin(workspace)
    assert await sign_in_emails.places(ana.email) == []


async def test_members_made_by_sql_sign_in_after_a_while(workspace: Scope) -> None:
    ana = await new_member(workspace, name="ana")
    await db.execute("DELETE FROM sign_in_emails")
    with pytest.raises(Invalid):
        await sign_in(ana.email, PASSWORD, SIGNING)
    await sign_in_emails.mend()
    await sign_in_emails.mend()
    assert (await sign_in(ana.email, PASSWORD, SIGNING)).scope.principal.id == ana.id
    await db.execute("UPDATE members SET email = 'eva@example.com'")  # nobody is taken for somebody else
    with pytest.raises(Invalid):
        await sign_in(ana.email, PASSWORD, SIGNING)
