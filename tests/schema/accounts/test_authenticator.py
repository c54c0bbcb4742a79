"""Bearer tokens are looked up for each operation, together for those that arrive together."""

import asyncio
import subprocess
import sys
from collections.abc import Collection, Mapping

import pytest
from asyncpg import Connection
from redis.asyncio import Redis

from models import db
from models.accounts import api_tokens
from models.accounts.scopes import find_scopes
from models.accounts.sessions import Signing
from models.db.direct import reads
from models.db.direct.reads import NodeReads
from models.db.direct.whereabouts import Address
from models.errors import Unauthenticated
from permissions.capabilities import Permission
from permissions.principal import SYSTEM, Scope
from schema.accounts.authenticator import BatchingAuthenticator
from tests.kit.api import SIGNING, Api, application, bearer_of, send, started, token_with
from tests.kit.workspaces import new_workspace

ASK = "{ viewer { permissions } }"


class Lookups:
    """Takes the part of PostgreSQL: `asked` are the tokens of each look-up, which waits for `go`."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []
        self.known = {"ana", "ben"}
        self.go = asyncio.Event()

    async def find(self, bearers: Collection[str], _: Signing) -> Mapping[str, Scope]:
        self.asked.append(set(bearers))
        found = {bearer: Scope(1, SYSTEM) for bearer in bearers if bearer in self.known}
        await self.go.wait()
        if "broken" in bearers:
            raise OSError("PostgreSQL is away")
        return found

    def ask(self, authenticator: BatchingAuthenticator, *bearers: str) -> list["asyncio.Task[Scope]"]:
        return [asyncio.ensure_future(authenticator.scope_of(bearer, "a-request", None)) for bearer in bearers]


async def test_operations_that_arrive_together_share_a_look_up() -> None:
    lookups = Lookups()
    lookups.go.set()
    authenticator = BatchingAuthenticator(SIGNING, lookups.find)
    ana, ben, nobody, again = await asyncio.gather(
        *lookups.ask(authenticator, "ana", "ben", "nobody", "ana"), return_exceptions=True
    )
    assert lookups.asked == [{"ana", "ben", "nobody"}]
    assert isinstance(nobody, Unauthenticated)
    assert all(isinstance(one, Scope) and one.request_id == "a-request" for one in (ana, ben, again))


async def test_an_operation_that_arrives_during_a_look_up_waits_for_the_next() -> None:
    lookups = Lookups()
    authenticator = BatchingAuthenticator(SIGNING, lookups.find)
    (before,) = lookups.ask(authenticator, "ana")
    await asyncio.sleep(0.01)
    lookups.known.remove("ana")
    (after,) = lookups.ask(authenticator, "ana")
    await asyncio.sleep(0.01)
    assert lookups.asked == [{"ana"}]
    lookups.go.set()
    assert (await before).workspace_id == 1
    with pytest.raises(Unauthenticated):
        await after
    assert lookups.asked == [{"ana"}, {"ana"}]


async def test_a_cancelled_operation_does_not_disturb_the_others() -> None:
    lookups = Lookups()
    authenticator = BatchingAuthenticator(SIGNING, lookups.find)
    ana, ben = lookups.ask(authenticator, "ana", "ben")
    await asyncio.sleep(0.01)
    ana.cancel()
    lookups.go.set()
    assert (await ben).workspace_id == 1
    with pytest.raises(asyncio.CancelledError):
        await ana


async def test_a_failed_look_up_fails_all_that_wait_and_the_next_one_is_made() -> None:
    lookups = Lookups()
    lookups.go.set()
    authenticator = BatchingAuthenticator(SIGNING, lookups.find)
    failed = await asyncio.gather(*lookups.ask(authenticator, "ana", "broken"), return_exceptions=True)
    assert [type(error) for error in failed] == [OSError, OSError]
    assert (await lookups.ask(authenticator, "ana")[0]).workspace_id == 1


async def test_a_node_that_is_lost_fails_only_those_whose_workspaces_lie_there() -> None:
    one, other, moved = (f"muster_{workspace_id}_{64 * 'a'}" for workspace_id in (1, 2, 3))

    async def find_nodes(workspace_ids: Collection[int]) -> Mapping[int, Address]:
        return {workspace_id: Address("node", workspace_id % 2) for workspace_id in workspace_ids}

    async def no_connection(address: Address, workspace_id: int) -> Connection:
        raise ConnectionRefusedError

    async def find(bearers: Collection[str], _: Signing) -> Mapping[str, Scope]:
        if other in bearers:
            raise OSError("its node is away")
        return {bearer: Scope(1, SYSTEM) for bearer in bearers}

    nodes = NodeReads(find_nodes, no_connection, 1)
    before = reads.use(nodes)
    try:
        for workspace_id in (1, 2, 3):
            while nodes.connections(workspace_id) is None:
                await asyncio.sleep(0)
        authenticator = BatchingAuthenticator(SIGNING, find)
        asked = (authenticator.scope_of(bearer, "a-request", None) for bearer in (one, other, moved))
        answers = await asyncio.gather(*asked, return_exceptions=True)
    finally:
        reads.use(before)
        await nodes.close()
    assert [type(answer) for answer in answers] == [Scope, OSError, Scope]


# ---------------------------------------------------------------- changes take effect on the next operation


async def test_tokens_and_sessions_of_several_workspaces_are_kept_apart(workspace: Scope) -> None:
    other = await new_workspace()
    bearers = {
        await bearer_of(workspace): workspace.workspace_id,
        await bearer_of(other): other.workspace_id,
        await token_with(workspace, Permission.CONTACT_READ): workspace.workspace_id,
        await token_with(other, Permission.SEGMENT_READ): other.workspace_id,
    }
    found = await find_scopes([*bearers, "muster_none", "none"], SIGNING)
    assert {bearer: scope.workspace_id for bearer, scope in found.items()} == bearers
    assert sorted(len(scope.principal.permissions) for scope in found.values())[:2] == [1, 1]


_REVOKE = """
import asyncio, sys
from models import db
from models.accounts import api_tokens
from permissions.principal import SYSTEM, Scope

async def main():
    await db.connect(sys.argv[1])
    await api_tokens.revoke(Scope(int(sys.argv[2]), SYSTEM), int(sys.argv[3]))
    await db.disconnect()

asyncio.run(main())
"""


async def test_a_token_revoked_in_another_process_is_refused_on_the_next_operation(
    api: Api, workspace: Scope, database: str
) -> None:
    token, secret = await api_tokens.create(workspace, name="app", permissions=[Permission.CONTACT_READ])
    await api.data(secret, ASK)
    arguments = [database, str(workspace.workspace_id), str(token.id)]
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", _REVOKE, *arguments], check=True)
    assert await api.codes(secret, ASK) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE api_tokens SET revoked_at = now()",
        "UPDATE api_tokens SET expires_at = now()",
        "DELETE FROM api_tokens",
        "UPDATE members SET password_version = password_version + 1",
        "DELETE FROM members",
    ],
)
async def test_a_change_in_sql_takes_effect_on_the_next_operation(api: Api, workspace: Scope, change: str) -> None:
    bearer = await (token_with(workspace, Permission.CONTACT_READ) if "api_tokens" in change else bearer_of(workspace))
    await api.data(bearer, ASK)
    await db.execute(change)
    assert await api.codes(bearer, ASK) == ["UNAUTHENTICATED"]


async def test_a_changed_grant_takes_effect_on_the_next_operation(api: Api, workspace: Scope) -> None:
    secret = await token_with(workspace, Permission.CONTACT_READ)
    assert (await api.data(secret, ASK))["viewer"]["permissions"] == ["CONTACT_READ"]
    await db.execute("UPDATE api_tokens SET permissions = '{SEGMENT_READ}'")
    assert (await api.data(secret, ASK))["viewer"]["permissions"] == ["SEGMENT_READ"]


async def test_tokens_of_a_deleted_workspace_are_refused(api: Api, workspace: Scope) -> None:
    bearers = [await bearer_of(workspace), await token_with(workspace, Permission.CONTACT_READ)]
    for bearer in bearers:
        await api.data(bearer, ASK)
    await db.execute("DELETE FROM workspaces WHERE id = $1", workspace.workspace_id)
    for bearer in bearers:
        assert await api.codes(bearer, ASK) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("redis_is", ["emptied", "away"])
async def test_a_revocation_does_not_need_redis(workspace: Scope, redis_url: str, redis_is: str) -> None:
    token, secret = await api_tokens.create(workspace, name="app", permissions=[Permission.CONTACT_READ])
    url = "redis://127.0.0.1:9" if redis_is == "away" else redis_url
    async with started(application(redis_url=url)) as app:
        headers = {"authorization": f"Bearer {secret}"}
        assert "errors" not in (await send(app, "POST", "/graphql", {"query": ASK}, **headers)).json()
        if redis_is == "emptied":
            async with Redis.from_url(redis_url) as redis:
                await redis.flushdb()
        await api_tokens.revoke(workspace, token.id)
        refused = (await send(app, "POST", "/graphql", {"query": ASK}, **headers)).json()
    assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_locked_token_does_not_block_look_ups(workspace: Scope) -> None:
    token, secret = await api_tokens.create(workspace, name="app", permissions=[Permission.CONTACT_READ])
    held, done = asyncio.Event(), asyncio.Event()

    async def change() -> None:
        async with db.transaction():
            locked = "SELECT 1 FROM api_tokens WHERE workspace_id = $1 AND id = $2 FOR UPDATE"
            await db.fetch(locked, workspace.workspace_id, token.id)
            held.set()
            await done.wait()

    changing = asyncio.ensure_future(change())
    await held.wait()
    assert set(await asyncio.wait_for(find_scopes([secret], SIGNING), 5)) == {secret}
    done.set()
    await changing
