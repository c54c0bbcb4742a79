"""Webhooks, kept until a worker has processed them.

One transaction locks, processes and removes them, so a killed worker leaves them free. Only one that failed alone has an
attempt less.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import clock, db
from models.errors import MusterError
from models.queue import failed_webhooks, leases, work, workspace_leases
from models.queue.enqueue import enqueue
from models.queue.failed_webhooks import Failure
from models.queue.leases import LeasedTable

MAX_ATTEMPTS: Final = 5

LEASES: Final = LeasedTable(
    "webhook_inbox", seconds=60, order="attempts > 0, id", attempts_allowed=str(MAX_ATTEMPTS), given_up=None
)
"""Failed webhooks wait behind the others. Without attempts left they are kept for a person."""


class Unprocessable(MusterError):
    """A webhook failed alone. The cause says why."""


@dataclass(frozen=True, slots=True)
class InboundWebhook:
    """The body of a webhook whose signature was checked."""

    id: int
    channel_id: int
    body: bytes
    received_at: datetime
    attempts: int


async def put(webhooks: Sequence[tuple[int, int, bytes]]) -> None:
    """Stores webhooks, each as (workspace id, channel id, body)."""
    await db.execute(
        """
        INSERT INTO webhook_inbox (workspace_id, channel_id, body)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
        """,
        [workspace_id for workspace_id, _, _ in webhooks],
        [channel_id for _, channel_id, _ in webhooks],
        [body for _, _, body in webhooks],
    )
    for workspace_id in dict.fromkeys(workspace_id for workspace_id, _, _ in webhooks):
        await enqueue(work.PROCESS_WEBHOOKS, workspace_id)


_COLUMNS: Final = "id, channel_id, body, received_at, attempts"

Reader = Callable[[Sequence[InboundWebhook]], Awaitable[None]]


async def process(workspace_id: int, most: int, reader: Reader) -> int | None:
    """Up to `most` webhooks, oldest first, in one transaction that also removes them. Returns how many.

    None while another worker processes some, because order counts. Raises what `reader` raises; Unprocessable if there was only
    one webhook.
    """
    rows: list[db.Record] = []
    try:
        async with db.transaction():
            if not await workspace_leases.lock(workspace_id, "webhooks"):
                return None
            rows = await leases.lock_some(LEASES, workspace_id, most, _COLUMNS)
            if rows:
                await reader([InboundWebhook(**row) for row in rows])
                await _remove(workspace_id, [row["id"] for row in rows])
    except Exception as error:
        if len(rows) != 1:
            raise
        await _count_failure(workspace_id, InboundWebhook(**rows[0]), error)
        raise Unprocessable(f"webhook {rows[0]['id']} cannot be processed") from error
    return len(rows)


async def _remove(workspace_id: int, webhook_ids: Sequence[int]) -> None:
    await db.execute(
        "DELETE FROM webhook_inbox WHERE workspace_id = $1 AND id = ANY ($2::bigint[])", workspace_id, webhook_ids
    )


async def _count_failure(workspace_id: int, webhook: InboundWebhook, error: Exception) -> None:
    lease = await leases.take(LEASES, workspace_id, webhook.id)
    if lease is None:
        return
    if lease.attempts < MAX_ATTEMPTS:
        await leases.fail(lease)
        return
    async with db.transaction():
        await failed_webhooks.keep(workspace_id, [failure(webhook, error)])
        await _remove(workspace_id, [webhook.id])


def failure(webhook: InboundWebhook, error: Exception) -> Failure:
    """Returns the failure of the whole webhook."""
    return failed_webhooks.failure_of(
        error, webhook.channel_id, failed_webhooks.WHOLE, webhook.body, webhook.attempts + 1, webhook.received_at
    )


async def has(workspace_id: int) -> bool:
    found = await db.fetch_value(
        f"SELECT 1 FROM webhook_inbox WHERE workspace_id = $1 AND {leases.free(LEASES, '$2')} LIMIT 1",  # noqa: S608
        workspace_id,
        clock.now(),
    )
    return found is not None


async def waiting() -> list[int]:
    """Workspaces with webhooks to process. Reads all workspaces."""
    rows = await db.fetch(
        f"/* all workspaces */ SELECT DISTINCT workspace_id FROM webhook_inbox WHERE {leases.free(LEASES, '$1')}",  # noqa: S608
        clock.now(),
    )
    return [row["workspace_id"] for row in rows]
