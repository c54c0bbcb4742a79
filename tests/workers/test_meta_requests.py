"""What a person waits for: whether Meta takes a token, and the deletion of an audience there."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from models import clock, db
from models.accounts import secrets
from models.destinations.audiences import audiences, connections
from models.errors import Invalid
from models.queue import requests
from permissions.principal import Scope
from sandbox.meta.faults import Command, Fault
from sandbox.meta.provider import ACCOUNT_ID, TOKEN
from sandbox.meta.server import Server
from tests.kit import audiences as kit
from tests.kit.broadcasts import SECRET_KEY, a_segment
from tests.kit.meta import a_sandbox
from tests.kit.workspaces import new_workspace
from workers.meta_requests import look_at_ad_accounts
from workers.provider_requests import run_request


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with a_sandbox() as server:
        yield server


@pytest.fixture
async def scope(database: str) -> Scope:
    secrets.use_keys([SECRET_KEY])
    return await new_workspace()


async def answered(scope: Scope, server: Server) -> requests.ProviderRequest:
    """The newest request, after a worker."""
    newest = await db.fetch_value("SELECT max(id) FROM provider_requests")
    await run_request(kit.a_context(server), scope.workspace_id, newest)
    return await requests.read(scope.workspace_id, newest)


async def status(scope: Scope) -> tuple[str, str | None]:
    connection = await connections.find(scope)
    assert connection is not None
    return connection.status, connection.reason


async def test_an_account_is_connected_once_meta_takes_its_token(scope: Scope, server: Server):
    await connections.connect(scope, f"act_{ACCOUNT_ID}", TOKEN)
    assert await status(scope) == ("CHECKING", None)
    assert (await answered(scope, server)).result == {"connected": True}
    connection = await connections.find(scope)
    assert connection is not None
    assert (connection.status, connection.name) == ("CONNECTED", "Muster Sandbox")
    stored = await db.fetch_value("SELECT encrypted_token FROM meta_connections")
    assert TOKEN.encode() not in stored


@pytest.mark.parametrize(
    ("account", "token", "says"),
    [(ACCOUNT_ID, "not-the-token", "connect the ad account again"), ("123", TOKEN, "does not know this")],
)
async def test_what_meta_refuses_is_said(scope: Scope, server: Server, account: str, token: str, says: str):
    await connections.connect(scope, account, token)
    request = await answered(scope, server)
    assert says in str(request.error)
    assert (await status(scope))[0] == "REFUSED"
    assert says in str((await status(scope))[1])
    assert token not in str(request.error)


async def test_an_account_without_the_terms_is_refused(scope: Scope, server: Server, monkeypatch: pytest.MonkeyPatch):
    account = server.sandbox.account(ACCOUNT_ID) | {"tos_accepted": {"custom_audience_tos": 0}}
    monkeypatch.setattr(server.sandbox, "account", lambda _: account)
    await connections.connect(scope, ACCOUNT_ID, TOKEN)
    assert (await answered(scope, server)).result == {"connected": False}
    assert "terms of custom audiences" in str((await status(scope))[1])


async def test_a_check_without_an_answer_is_made_again(scope: Scope, server: Server):
    await connections.connect(scope, ACCOUNT_ID, TOKEN)
    await server.go_down()
    began = clock.now()
    for seconds in (0, 2, 5, 10, 20):
        clock.set_source(lambda after=seconds: began + timedelta(seconds=after))
        asked = await answered(scope, server)
        assert asked.is_over == (seconds == 20)
    assert "cannot be reached" in str(asked.error)
    await look_at_ad_accounts(kit.a_context(server))
    assert await db.fetch_value("SELECT count(*) FROM provider_requests") == 1, "not within a minute"
    before = "(finished_at AT TIME ZONE 'UTC' - interval '2 minutes') AT TIME ZONE 'UTC'"
    await db.execute(f"UPDATE provider_requests SET finished_at = {before}")
    await look_at_ad_accounts(kit.a_context(server))
    await answered(scope, server)
    await server.come_up()
    clock.set_source(lambda: began + timedelta(seconds=22))
    await answered(scope, server)
    assert (await status(scope))[0] == "CONNECTED"
    await look_at_ad_accounts(kit.a_context(server))
    assert await db.fetch_value("SELECT count(*) FROM provider_requests") == 2, "it was looked at just now"


async def test_an_audience_is_deleted_at_meta_though_it_is_gone_there(scope: Scope, server: Server):
    await kit.with_account(scope)
    segment = await a_segment(scope, [])
    audience = await kit.sync(kit.a_context(server), await kit.an_audience(scope, segment))
    for fault, says in ((Fault.FORBIDDEN, "give it the permission"), (None, None), (None, None)):
        server.sandbox.faults.set([Command(fault, call="delete")] if fault else [])
        assert await audiences.ask_remote_deletion(scope, audience.id) is not None
        error = (await answered(scope, server)).error
        assert error is None if says is None else says in str(error)
    assert not server.sandbox.audiences


@pytest.mark.parametrize(
    ("account", "token"),
    [
        ("", TOKEN),
        ("act_", TOKEN),
        ("12a", TOKEN),
        ("١٢", TOKEN),
        (ACCOUNT_ID, "short"),
        (ACCOUNT_ID, "with\nline breaks"),
    ],
)
async def test_what_is_no_account_or_token_is_refused_at_once(scope: Scope, account: str, token: str):
    with pytest.raises(Invalid):
        await connections.connect(scope, account, token)
    assert await connections.find(scope) is None
