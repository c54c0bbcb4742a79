"""API tokens: their permissions, their end and their use."""

from datetime import timedelta

import pytest

from models import clock, db
from models.accounts import api_tokens, members
from models.accounts.scopes import find_scope
from models.accounts.sessions import Signing
from models.accounts.sign_in import sign_in
from models.errors import Forbidden
from permissions.capabilities import ALL_PERMISSIONS, Permission
from permissions.principal import PrincipalKind, Scope
from tests.kit.workspaces import PASSWORD, new_member, new_workspace, with_permissions

SIGNING = Signing("a secret of the tests, which is 32 bytes", timedelta(minutes=30))


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


def later(by: timedelta) -> None:
    """From here on it is so much later."""
    then = clock.now() + by
    clock.set_source(lambda: then)


async def test_a_token_has_exactly_its_permissions(workspace: Scope) -> None:
    token, secret = await api_tokens.create(workspace, name="app", permissions=[Permission.CONTACT_READ])
    scope = await find_scope(secret, SIGNING)
    assert scope is not None
    assert (scope.principal.kind, scope.principal.id) == (PrincipalKind.TOKEN, token.id)
    assert scope.principal.permissions == {Permission.CONTACT_READ}
    assert await find_scope(secret[:-1], SIGNING) is None
    assert await find_scope("muster_\x00", SIGNING) is None


async def test_only_a_hash_of_the_secret_is_stored(workspace: Scope) -> None:
    _, secret = await api_tokens.create(workspace, name="app", permissions=[])
    stored = await db.fetch_value("SELECT string_agg(t::text, '') FROM api_tokens t")
    audited = await db.fetch_value("SELECT string_agg(a::text, '') FROM audit_log a")
    assert secret not in stored + audited
    assert secret.rpartition("_")[2] not in stored + audited


async def test_a_revoked_or_expired_token_has_no_scope(workspace: Scope) -> None:
    token, secret = await api_tokens.create(workspace, name="app", permissions=ALL_PERMISSIONS)
    first = await api_tokens.revoke(workspace, token.id)
    assert await find_scope(secret, SIGNING) is None
    assert (await api_tokens.revoke(workspace, token.id)).revoked_at == first.revoked_at
    _, short = await api_tokens.create(
        workspace, name="app", permissions=[], expires_at=clock.now() + timedelta(minutes=5)
    )
    assert await find_scope(short, SIGNING) is not None
    later(timedelta(minutes=5))
    assert await find_scope(short, SIGNING) is None


async def test_the_last_use_of_a_token_is_stored_once_a_minute(workspace: Scope) -> None:
    token, secret = await api_tokens.create(workspace, name="app", permissions=[])

    async def last_used():
        await find_scope(secret, SIGNING)
        return (await api_tokens.by_ids(workspace, [token.id]))[0].last_used_at

    later(timedelta())
    first = await last_used()
    assert first == clock.now()
    later(timedelta(seconds=59))
    assert await last_used() == first
    later(timedelta(seconds=2))
    assert await last_used() == clock.now()


async def test_a_token_outlives_the_member_who_made_it(workspace: Scope) -> None:
    await new_member(workspace)
    maker = await new_member(workspace)
    signed_in = await sign_in(maker.email, PASSWORD, SIGNING)
    _, secret = await api_tokens.create(signed_in.scope, name="app", permissions=[Permission.SEGMENT_READ])
    await members.delete(workspace, maker.id)
    scope = await find_scope(secret, SIGNING)
    assert scope is not None
    assert scope.principal.permissions == {Permission.SEGMENT_READ}


async def test_a_secret_names_its_workspace_and_older_secrets_still_work(workspace: Scope) -> None:
    other = await new_workspace("Other")
    _, secret = await api_tokens.create(workspace, name="app", permissions=[])
    _, foreign = await api_tokens.create(other, name="app", permissions=[])
    assert secret.startswith(f"muster_{workspace.workspace_id}_")
    old = f"muster_{workspace.workspace_id}_" + "a" * 41
    digest = api_tokens.hash_of(old)
    await db.execute("UPDATE api_tokens SET secret_hash = $1 WHERE workspace_id = $2", digest, other.workspace_id)
    await db.execute("INSERT INTO old_api_tokens VALUES ($1, $2)", digest, other.workspace_id)  # as the migration does
    assert set(await api_tokens.find_by_secrets([secret])) == {secret}
    found = await api_tokens.find_by_secrets([secret, old, foreign])
    assert {one: token["workspace_id"] for one, token in found.items()} == {
        secret: workspace.workspace_id,
        old: other.workspace_id,
    }
    moved = secret.replace(f"_{workspace.workspace_id}_", f"_{other.workspace_id}_")
    assert await api_tokens.find_by_secrets([moved]) == {}


async def test_a_token_that_may_do_more_than_the_caller_is_not_revoked(workspace: Scope) -> None:
    strong, secret = await api_tokens.create(workspace, name="app", permissions=[Permission.CONTACT_WRITE])
    weak, _ = await api_tokens.create(workspace, name="app", permissions=[])
    caller = with_permissions(workspace, Permission.TOKEN_MANAGE)
    with pytest.raises(Forbidden):
        await api_tokens.revoke(caller, strong.id)
    assert await find_scope(secret, SIGNING) is not None
    await api_tokens.revoke(caller, weak.id)
    await api_tokens.revoke(with_permissions(workspace, Permission.CONTACT_WRITE), strong.id)
    assert await find_scope(secret, SIGNING) is None
