"""Workspaces that can send, and workers that send for them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from models import db
from models.accounts import secrets
from models.broadcasts import drafts
from models.broadcasts.drafts import Draft
from models.db.tables.broadcasts import Broadcast, MessageTemplate
from models.messaging import channels, counters, templates
from models.messaging.channels import Connection
from models.messaging.rendering import Binding
from models.messaging.sources import SourceKind
from permissions.principal import Scope
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, SECRET, TOKEN, VERIFY_TOKEN
from sandbox.whatsapp.templates import TEMPLATES
from tests.kit.workers import WorkerProcess, start_worker
from tests.kit.workspaces import new_workspace
from workers import broadcasts
from workers.broker import connected_broker
from workers.context import Queue, WorkerConfig, WorkerContext
from workers.providers.whatsapp.options import WhatsAppOptions

SECRET_KEY = "a key for tests that nobody else has"

CONNECTION = Connection(NUMBER_ID, BUSINESS_ACCOUNT_ID, TOKEN, SECRET, VERIFY_TOKEN)

FIRST_NAME = Binding("1", field="name", fallback="friend")


async def a_sender(*, per_second: int = 1000, daily_limit: int | None = None, name: str = "Acme") -> Scope:
    """A workspace with a READY channel and the sandbox's templates."""
    return await connected(await new_workspace(name), per_second=per_second, daily_limit=daily_limit)


async def connected(scope: Scope, *, per_second: int = 1000, daily_limit: int | None = None) -> Scope:
    """The workspace, with a READY channel and the sandbox's templates."""
    secrets.use_keys([SECRET_KEY])
    channel = await channels.connect(scope, CONNECTION)
    await templates.store(scope.workspace_id, BUSINESS_ACCOUNT_ID, TEMPLATES)
    channel.status, channel.messages_per_second, channel.daily_limit = "READY", per_second, daily_limit
    channel.checked_at = datetime.now(UTC)
    await channel.save()
    await db.execute("DELETE FROM provider_requests WHERE workspace_id = $1", scope.workspace_id)  # it needs no check
    return scope


async def template(scope: Scope, name: str = "greeting") -> MessageTemplate:
    """One of the sandbox's templates."""
    return await MessageTemplate.get(workspace_id=scope.workspace_id, name=name)


async def people(
    scope: Scope, count: int, *, consent: str = "OPTED_IN", first: int = 1, prefix: str = "+3460"
) -> list[int]:
    """New contacts with names and phones; returns their ids."""
    rows = await db.fetch(
        """
        INSERT INTO contacts (workspace_id, name, phone, whatsapp_consent)
        SELECT $1, 'Person ' || n, $4 || lpad(n::text, 7, '0'), $5 FROM generate_series($2::int, $2::int + $3::int - 1) AS n
        RETURNING id
        """,
        scope.workspace_id,
        first,
        count,
        prefix,
        consent,
    )
    return [row["id"] for row in rows]


async def a_segment(scope: Scope, contact_ids: Sequence[int], name: str = "Everybody") -> int:
    """A static segment with these members."""
    async with db.transaction():
        await db.execute("SET LOCAL muster.members = 'logged'")  # no segment builds on it, and nobody reads its log
        segment_id: int = await db.fetch_value(
            """
            INSERT INTO segments (workspace_id, name, kind, member_count) VALUES ($1, $2, 'STATIC', $3) RETURNING id
            """,
            scope.workspace_id,
            name,
            len(contact_ids),
        )
        await db.execute(
            """
            INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
            SELECT $1, $2, unnest($3::bigint[]), 'MANUAL'
            """,
            scope.workspace_id,
            segment_id,
            list(contact_ids),
        )
    return segment_id


async def a_draft(
    scope: Scope, *include: int, name: str = "Hello", template_name: str = "greeting", **more: object
) -> Broadcast:
    """A draft of the greeting to these segments."""
    chosen = await template(scope, template_name)
    values: dict = {"parameters": [FIRST_NAME] if template_name == "greeting" else [], **more}
    return await drafts.create(scope, Draft(name, chosen.id, include_segment_ids=include, **values))


async def a_draft_to(scope: Scope, count: int, **more: object) -> Broadcast:
    """A draft to so many new people."""
    return await a_draft(scope, await a_segment(scope, await people(scope, count)), **more)


async def counts_of(broadcast: Broadcast) -> dict[str, int]:
    """Recipients by state (only states that occur), by the counters; checks that the ledger says the same."""
    counts = (await counters.of(broadcast.workspace_id, SourceKind.BROADCAST, [broadcast.id]))[broadcast.id]
    rows = await db.fetch(
        """
        SELECT lower(status) AS status, count(*) AS n FROM messages
        WHERE workspace_id = $1 AND source_kind = 'BROADCAST' AND source_id = $2 GROUP BY 1
        """,
        broadcast.workspace_id,
        broadcast.id,
    )
    counted = {row["status"]: row["n"] for row in rows}
    assert {status: n for status, n in counts.items() if n} == counted
    return counted


async def read_again(broadcast: Broadcast) -> Broadcast:
    """The broadcast as it is now."""
    return await Broadcast.get(workspace_id=broadcast.workspace_id, id=broadcast.id)


# ---------------------------------------------------------------- workers in the test's loop


@contextlib.asynccontextmanager
async def a_worker_context(
    redis_url: str, url: str = "http://127.0.0.1:9", **options: object
) -> AsyncIterator[WorkerContext]:
    """The context of a broadcast worker in this process; the test calls its tasks. It is patient: a busy machine answers late."""
    secrets.use_keys([SECRET_KEY])
    settings: dict = {"timeout_seconds": 20.0, "claim_seconds": 30.0, **options}
    config = WorkerConfig(database_url="", redis_url=redis_url, whatsapp=WhatsAppOptions(url=url, **settings))
    async with connected_broker(redis_url) as broker:
        yield WorkerContext(Queue.BROADCAST, config, broker, asyncio.Event())


async def send_all(context: WorkerContext, broadcast: Broadcast, most_seconds: float = 60.0) -> Broadcast:
    """Prepare it and send until it has ended or paused."""
    await broadcasts.prepare_broadcast(context, broadcast.workspace_id, broadcast.id)
    return await go_on(context, broadcast, most_seconds)


async def go_on(context: WorkerContext, broadcast: Broadcast, most_seconds: float = 60.0) -> Broadcast:
    """Send until it has ended or paused."""
    async with asyncio.timeout(most_seconds):
        while (now := await read_again(broadcast)).status in ("SENDING", "PREPARING"):
            await broadcasts.send_slice(context, broadcast.workspace_id, 0)
            await broadcasts.carry_on(context)
            await asyncio.sleep(0.02)
    return now


# ---------------------------------------------------------------- worker processes


async def start_sender(database_url: str, redis_url: str, url: str, **options: Any) -> WorkerProcess:
    """A broadcast worker process, with these options of the channel."""
    secrets.use_keys([SECRET_KEY])
    values = {"timeout_seconds": 5.0, "claim_seconds": 8.0, **options}
    return await start_worker(
        Queue.BROADCAST, database_url, redis_url, with_keys(), whatsapp=WhatsAppOptions(url, **values)
    )


def with_keys() -> str:
    """Code for a worker process: the keys of what is stored encrypted."""
    return f"from models.accounts import secrets; secrets.use_keys([{SECRET_KEY!r}])"


@contextlib.asynccontextmanager
async def running_sender(database_url: str, redis_url: str, url: str, **options: Any) -> AsyncIterator[WorkerProcess]:
    """A sender that is stopped at the end."""
    worker = await start_sender(database_url, redis_url, url, **options)
    try:
        yield worker
    finally:
        await worker.stop()
