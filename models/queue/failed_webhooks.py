"""What could not be processed of webhooks: kept for people, who try it again or delete it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.queue import work
from models.queue.enqueue import enqueue
from models.values.texts import storable
from permissions.principal import Scope

WHOLE: Final = "webhook"
"""The `item` of a webhook that cannot be taken apart."""

LONGEST_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class Failure:
    """`body` is a webhook that holds the item alone; `attempts` counts the one that failed."""

    channel_id: int
    item: str
    body: bytes
    error: str
    reason: str
    attempts: int
    received_at: datetime


def failure_of(
    error: BaseException, channel_id: int, item: str, body: bytes, attempts: int, received_at: datetime
) -> Failure:
    """Returns the failure of an item that `error` stopped."""
    reason = storable(str(error))[:LONGEST_REASON]
    return Failure(channel_id, item, body, type(error).__name__, reason, attempts, received_at)


async def keep(workspace_id: int, failures: Sequence[Failure]) -> None:
    """Stores them, in the transaction that removes the webhooks they come from."""
    if failures:
        await db.execute(
            """
            INSERT INTO webhook_failures
                (workspace_id, channel_id, item, body, error, reason, attempts, received_at, failed_at)
            SELECT $1, g.*, $9 FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::integer[],
                                           $8::timestamptz[]) AS g
            """,
            workspace_id,
            [one.channel_id for one in failures],
            [one.item for one in failures],
            [one.body for one in failures],
            [one.error for one in failures],
            [one.reason for one in failures],
            [one.attempts for one in failures],
            [one.received_at for one in failures],
            clock.now(),
        )


# ---------------------------------------------------------------- for people


_COLUMNS: Final = "id, item, body, error, reason, attempts, received_at, failed_at"


async def newest_first(scope: Scope, limit: int, after: int | None = None) -> list[db.Record]:
    """Returns up to `limit`, after the id `after`."""
    return await db.fetch(
        f"""
        SELECT {_COLUMNS} FROM webhook_failures WHERE workspace_id = $1 AND ($2::bigint IS NULL OR id < $2)
        ORDER BY id DESC LIMIT $3
        """,  # noqa: S608 - the columns are a constant
        scope.workspace_id,
        after,
        limit,
    )


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[db.Record]:
    return await db.fetch(
        f"SELECT {_COLUMNS} FROM webhook_failures WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",  # noqa: S608
        scope.workspace_id,
        list(ids),
    )


async def count(scope: Scope) -> int:
    found: int = await db.fetch_value(
        "SELECT count(*) FROM webhook_failures WHERE workspace_id = $1", scope.workspace_id
    )
    return found


async def retry(scope: Scope, ids: Sequence[int] | None) -> int:
    """Puts these, or all, back into the inbox, behind what waits there. Returns how many."""
    async with db.transaction():
        rows = await _remove(scope, ids)
        await db.execute(
            """
            INSERT INTO webhook_inbox (workspace_id, channel_id, body, received_at, attempts)
            SELECT $1, * FROM unnest($2::bigint[], $3::bytea[], $4::timestamptz[], $5::integer[])
            """,
            scope.workspace_id,
            [row["channel_id"] for row in rows],
            [row["body"] for row in rows],
            [row["received_at"] for row in rows],
            [row["attempts"] for row in rows],
        )
        await audit_log.record(scope, "inbound_webhook_failures_retry", details={"count": len(rows)})
        await enqueue(work.PROCESS_WEBHOOKS, scope.workspace_id)
    return len(rows)


async def delete(scope: Scope, ids: Sequence[int]) -> list[int]:
    """Returns the ids of those that were there."""
    async with db.transaction():
        deleted = [row["id"] for row in await _remove(scope, ids)]
        await audit_log.record(scope, "inbound_webhook_failures_delete", details={"count": len(deleted)})
    return deleted


async def _remove(scope: Scope, ids: Sequence[int] | None) -> list[db.Record]:
    rows = await db.fetch(
        """
        DELETE FROM webhook_failures WHERE workspace_id = $1 AND ($2::bigint[] IS NULL OR id = ANY ($2::bigint[]))
        RETURNING id, channel_id, body, received_at, attempts
        """,
        scope.workspace_id,
        None if ids is None else list(ids),
    )
    return sorted(rows, key=lambda row: row["id"])


async def totals() -> tuple[int, int]:
    """Returns how many are kept, and in how many workspaces. Reads all workspaces."""
    row = await db.fetch_row(
        "/* all workspaces */ SELECT count(*) AS n, count(DISTINCT workspace_id) AS workspaces FROM webhook_failures"
    )
    assert row is not None
    return row["n"], row["workspaces"]
