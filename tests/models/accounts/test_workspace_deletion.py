"""A deleted workspace leaves nothing behind, in whatever chunks, and nobody acts in it meanwhile."""

import asyncio

import asyncpg
import pytest

from models import db
from models.accounts import workspace_deletion, workspaces
from models.accounts.scopes import find_scope
from models.accounts.sign_in import sign_in
from models.errors import Invalid
from permissions.capabilities import Permission
from permissions.principal import OPERATOR, Scope
from tests.kit.api import SIGNING, bearer_of, token_with
from tests.kit.segments import new_contacts
from tests.kit.servers import Servers, bare_database
from tests.kit.workspaces import PASSWORD, new_member, new_workspace
from tests.models.db.test_upgrades import RELEASED, install, upgrade


async def rows_of(workspace_id: int) -> dict[str, int]:
    """How many rows each table holds of a workspace."""
    tables = await db.fetch(
        "SELECT table_name AS name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'workspace_id'"
    )
    counted = {}
    for (name,) in tables:
        count = await db.fetch_value(f"SELECT count(*) FROM {name} WHERE workspace_id = $1", workspace_id)
        counted |= {name: count} if count else {}
    return counted


async def delete(workspace_id: int) -> list[int]:
    """Returns the sizes of the chunks."""
    await workspace_deletion.begin(Scope(workspace_id, OPERATOR))
    chunks = [count async for count in workspace_deletion.delete_rows(workspace_id)]
    await workspace_deletion.end(workspace_id)
    return chunks


async def test_no_row_of_any_table_is_left(servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace_deletion, "ROWS_AT_ONCE", 2)
    async with bare_database(servers) as url:
        connection = await asyncpg.connect(url)
        await install(connection, RELEASED[-1])
        await upgrade(connection, RELEASED[-1])
        await connection.close()
        await db.disconnect()
        await db.connect(url)
        try:
            held, kept = await rows_of(1), await rows_of(2)
            assert len(held) > 30, "rows in nearly every table"
            assert max(await delete(1)) == 2
            assert await rows_of(1) == {}
            assert await rows_of(2) == kept
            assert [row["id"] for row in await db.fetch("SELECT id FROM workspaces")] == [2]
        finally:
            await db.disconnect()
            await db.connect(database, pool_max=10)


async def test_nobody_acts_in_a_workspace_that_is_being_deleted(database: str) -> None:
    scope = await new_workspace()
    member = await new_member(scope)
    bearers = [await bearer_of(scope), await token_with(scope, Permission.CONTACT_READ)]
    await workspace_deletion.begin(Scope(scope.workspace_id, OPERATOR))
    assert [await find_scope(bearer, SIGNING) for bearer in bearers] == [None, None]
    with pytest.raises(Invalid):
        await sign_in(member.email, PASSWORD, SIGNING)
    assert await workspaces.find_system_scope(scope.workspace_id) is None
    row = await db.fetch_row("SELECT actor_kind, target_id FROM audit_log WHERE action = 'workspace_delete'")
    assert row is not None
    assert tuple(row) == ("OPERATOR", scope.workspace_id)


async def test_what_is_written_meanwhile_is_deleted_as_well(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace_deletion, "ROWS_AT_ONCE", 10)
    scope, other = await new_workspace(), await new_workspace("Other")
    await new_contacts(scope, 50, tags=["VIP"])
    await new_contacts(other, 3)
    written = 0

    async def write() -> None:
        nonlocal written
        while True:
            await db.execute("INSERT INTO contacts (workspace_id, name) VALUES ($1, 'late')", scope.workspace_id)
            written += 1
            await asyncio.sleep(0.001)

    writing = asyncio.ensure_future(write())
    async for _ in workspace_deletion.delete_rows(scope.workspace_id):
        if written > 20:
            writing.cancel()
    await asyncio.wait({writing})
    await workspace_deletion.end(scope.workspace_id)
    assert await rows_of(scope.workspace_id) == {}
    assert await db.fetch_value("SELECT count(*) FROM contacts WHERE workspace_id = $1", other.workspace_id) == 3
