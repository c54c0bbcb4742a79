"""Workspaces with an ad account of the sandbox, and workers that keep their audiences."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from models import db
from models.accounts import secrets
from models.db.tables.audiences import Audience
from models.destinations.audiences import audiences, connections
from models.destinations.audiences.audiences import NewAudience
from models.membership import batches
from models.queue.work import Queue
from models.values.global_ids import to_global_id
from permissions.principal import Scope
from sandbox.meta.provider import ACCOUNT_ID, TOKEN
from sandbox.meta.server import Server
from tests.kit.broadcasts import SECRET_KEY, with_keys
from tests.kit.queue import NoBroker
from tests.kit.workers import WorkerProcess, start_worker
from tests.kit.workspaces import new_workspace
from workers.audiences import sync_audience
from workers.context import WorkerConfig, WorkerContext
from workers.providers.meta.options import MetaOptions


async def an_advertiser(name: str = "Acme") -> Scope:
    """A workspace with the sandbox's ad account, connected."""
    return await with_account(await new_workspace(name))


async def with_account(scope: Scope) -> Scope:
    """The workspace, with the sandbox's ad account connected."""
    secrets.use_keys([SECRET_KEY])
    connection = await connections.connect(scope, ACCOUNT_ID, TOKEN)
    await connections.checked(scope.workspace_id, connection.id, "Muster Sandbox")
    await db.execute("DELETE FROM provider_requests WHERE workspace_id = $1", scope.workspace_id)
    return scope


async def an_audience(scope: Scope, segment_id: int, **more: Any) -> Audience:
    return await audiences.create(scope, NewAudience("Friends", segment_id, **more))


def a_context(server: Server, timeout_seconds: float = 20.0) -> WorkerContext:
    """The context of a worker in this process; the test calls its tasks. It is patient: a busy machine answers late."""
    meta = MetaOptions(server.url, timeout_seconds=timeout_seconds)
    return WorkerContext(Queue.BULK, WorkerConfig("", "", meta=meta), NoBroker(), asyncio.Event())


async def engine(scope: Scope) -> None:
    """Process all changes of contacts."""
    while (await batches.process_batch(scope.workspace_id, 1_000)).more:
        pass


async def sync(context: WorkerContext, audience: Audience) -> Audience:
    """What a worker does now for the audience, after the engine."""
    await batches.process_batch(audience.workspace_id, 10_000)
    await sync_audience(context, audience.workspace_id, audience.id)
    return await Audience.get(workspace_id=audience.workspace_id, id=audience.id)


async def expected(scope: Scope, segment_id: int) -> set[tuple[str, str, str]]:
    """EMAIL, PHONE and EXTERN_ID of the segment without those who opted out, by plain reading of the tables."""
    rows = await db.fetch(
        """
        SELECT c.id, c.email, c.phone FROM contacts c JOIN memberships m ON m.workspace_id = $1 AND m.contact_id = c.id
        WHERE c.workspace_id = $1 AND m.segment_id = $2 AND c.whatsapp_consent <> 'OPTED_OUT'
        """,
        scope.workspace_id,
        segment_id,
    )
    return {
        (hashed(row["email"]), hashed((row["phone"] or "").removeprefix("+")), to_global_id("Contact", row["id"]))
        for row in rows
    }


def hashed(value: str | None) -> str:
    return sha256(value.encode()).hexdigest() if value else ""


SCHEMA: Sequence[str] = ("EMAIL", "PHONE", "EXTERN_ID")


def there(server: Server, audience: Audience) -> set[tuple[str, ...]]:
    """Who is in the audience at the sandbox."""
    return server.sandbox.people(str(audience.external_id), SCHEMA)


async def time_passes(audience: Audience) -> None:
    """What waits for a moment waits no longer."""
    await db.execute(
        """
        UPDATE audiences SET waits_until = NULL, removals_wait_until = NULL, leased_until = NULL, next_run_at = $3
        WHERE workspace_id = $1 AND id = $2
        """,
        audience.workspace_id,
        audience.id,
        datetime.now(UTC),
    )
    await db.execute("UPDATE meta_connections SET waits_until = NULL WHERE workspace_id = $1", audience.workspace_id)


# ---------------------------------------------------------------- worker processes


async def start_syncer(database_url: str, redis_url: str, url: str, at_once: int) -> WorkerProcess:
    """A worker process that keeps audiences, in batches of so many contacts."""
    setup = f"""
{with_keys()}
from models.destinations.audiences import following, replacing, sending
following.AT_ONCE = sending.ROWS_AT_ONCE = replacing.ROWS_AT_ONCE = {at_once}
"""
    meta = MetaOptions(url, timeout_seconds=5.0)
    return await start_worker(Queue.BULK, database_url, redis_url, setup, meta=meta)
