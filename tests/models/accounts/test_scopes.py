"""The scopes of several bearer tokens at once."""

from datetime import timedelta

from models.accounts import api_tokens, sessions
from models.accounts.scopes import find_scopes
from models.accounts.sessions import Signing
from permissions.capabilities import Permission
from permissions.principal import PrincipalKind
from tests.kit.workspaces import new_member, new_workspace

SIGNING = Signing("a secret of the tests, which is 32 bytes", timedelta(minutes=30))


async def test_sessions_and_api_tokens_are_found_together(database: str) -> None:
    workspace, other = await new_workspace(), await new_workspace("Other")
    session = await sessions.token_of(workspace, (await new_member(workspace)).id, SIGNING)
    assert session is not None
    _, secret = await api_tokens.create(other, name="app", permissions=[Permission.JOB_READ])
    scopes = await find_scopes([session, secret, "nonsense", "muster_nothing"], SIGNING)
    assert {bearer: (scope.workspace_id, scope.principal.kind) for bearer, scope in scopes.items()} == {
        session: (workspace.workspace_id, PrincipalKind.MEMBER),
        secret: (other.workspace_id, PrincipalKind.TOKEN),
    }
    assert await find_scopes([], SIGNING) == {}


async def test_a_session_of_another_secret_has_no_scope(database: str) -> None:
    workspace = await new_workspace()
    session = await sessions.token_of(workspace, (await new_member(workspace)).id, SIGNING)
    assert session is not None
    assert set(await find_scopes([session], SIGNING)) == {session}
    assert await find_scopes([session], Signing("another secret of the tests, of 32 bytes")) == {}
