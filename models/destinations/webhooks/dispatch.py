"""Which endpoints have something to send, and what of it is due."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from models import clock, db
from models.changelog.events import EVENTS
from models.changelog.log import Log
from models.changelog.members import MEMBERS
from models.destinations.webhooks import rows, schedule
from models.destinations.webhooks.bodies import Delivery, delivery_of
from models.destinations.webhooks.endpoints import write
from models.destinations.webhooks.rows import LEASES, READER, Endpoint, endpoint_of
from models.queue import leases
from models.queue.leases import Lease
from permissions.principal import Scope

LOGS: Final[Sequence[Log[Any]]] = (MEMBERS, EVENTS)

_FREE: Final = "(e.leased_until IS NULL OR e.leased_until <= $1)"

_READS: Final = "e.status IN ('ACTIVE', 'BACKING_OFF') AND NOT e.is_full"

_BEHIND: Final = " UNION ALL ".join(
    f"""
    SELECT e.workspace_id, e.id FROM changelog_readers AS r
    JOIN {log.heads} AS h ON h.workspace_id = r.workspace_id
    JOIN webhook_endpoints AS e ON e.workspace_id = r.workspace_id AND e.id = r.reader_id
    WHERE r.reader_kind = '{READER}' AND r.log = '{log.name}' AND r.position < h.position AND {_FREE} AND {_READS}
      AND r.workspace_id > $3 AND r.workspace_id <= $4 AND h.workspace_id > $3 AND h.workspace_id <= $4
    """  # noqa: S608 - names of logs, which are constants of the code
    for log in LOGS
)


async def waiting(limit: int = 1_000, among: db.Span = db.EVERY) -> list[tuple[int, int]]:
    """Returns endpoints that have something to send now, or whose worker died, as (workspace id, endpoint id).

    Logs that have grown are looked for `among` these workspaces, what is due in all.
    """
    found = await db.fetch(
        f"""
        /* all workspaces */ SELECT DISTINCT workspace_id, id FROM (
            {_BEHIND}
            UNION ALL
            SELECT e.workspace_id, e.id FROM webhook_endpoints AS e WHERE e.next_attempt_at <= $1 AND {_FREE}
            UNION ALL
            SELECT e.workspace_id, e.id FROM webhook_endpoints AS e WHERE e.leased_until <= $1
            UNION ALL
            SELECT e.workspace_id, e.id FROM webhook_endpoints AS e
            WHERE e.status = 'ACTIVE' AND e.next_attempt_at IS NULL AND {_FREE} AND EXISTS (
                SELECT 1 FROM webhook_deliveries AS d
                WHERE d.workspace_id = e.workspace_id AND d.endpoint_id = e.id AND d.status = 'WAITING'
                  AND d.kind = 'MESSAGE' AND d.next_attempt_at <= $1)
        ) AS found LIMIT $2
        """,  # noqa: S608
        clock.now(),
        limit,
        *among,
    )
    return [(row["workspace_id"], row["id"]) for row in found]


async def hinted(workspace_ids: Collection[int]) -> list[tuple[int, int]]:
    """Returns the endpoints of these workspaces that read the logs and that nobody works on, after the logs have grown."""
    found = await db.fetch(
        f"""
        /* all workspaces */ SELECT e.workspace_id, e.id FROM webhook_endpoints AS e
        WHERE e.workspace_id = ANY ($2::bigint[]) AND {_FREE} AND {_READS}
        """,  # noqa: S608
        clock.now(),
        list(workspace_ids),
    )
    return [(row["workspace_id"], row["id"]) for row in found]


async def with_endpoints(workspace_ids: Collection[int]) -> set[int]:
    """Returns those of these workspaces that have an endpoint."""
    found = await db.fetch(
        "/* all workspaces */ SELECT DISTINCT workspace_id FROM webhook_endpoints WHERE workspace_id = ANY ($1::bigint[])",
        list(workspace_ids),
    )
    return {row["workspace_id"] for row in found}


# ---------------------------------------------------------------- one endpoint


async def take(workspace_id: int, endpoint_id: int) -> Lease | None:
    """Returns None while somebody holds it, or it is gone."""
    return await leases.take(LEASES, workspace_id, endpoint_id)


async def renew(lease: Lease) -> None:
    """Raises LeaseLost."""
    await leases.renew(lease)


@dataclass(frozen=True, slots=True)
class Situation:
    """An endpoint as it is now; its positions in the logs that have more, by name; and whether deliveries wait."""

    endpoint: Endpoint
    behind: Mapping[str, int]
    has_waiting: bool


async def look_at(lease: Lease) -> Situation:
    """With one statement, because this is asked again and again. Raises LeaseLost, SecretUnreadable."""
    row = await db.fetch_row(_LOOK_AT, lease.workspace_id, lease.key, lease.token)
    if row is None:
        raise rows.lost(lease)
    behind = {log.name: row[log.name] for log in LOGS if row[log.name] is not None}
    return Situation(endpoint_of(row), behind, row["has_waiting"])


def _behind(log: Log[Any]) -> str:
    """SQL: the position of the endpoint $2 in a log that has more, or NULL."""
    return f"""(
        SELECT r.position FROM changelog_readers AS r JOIN {log.heads} AS h ON h.workspace_id = r.workspace_id
        WHERE r.workspace_id = $1 AND h.workspace_id = $1 AND r.reader_kind = '{READER}' AND r.reader_id = $2
          AND r.log = '{log.name}' AND r.position < h.position
    )"""  # noqa: S608 - names of logs, which are constants of the code


_LOOK_AT: Final = f"""
SELECT e.*, {", ".join(f"{_behind(log)} AS {log.name}" for log in LOGS)}, EXISTS (
    SELECT 1 FROM webhook_deliveries AS d WHERE d.workspace_id = $1 AND d.endpoint_id = $2 AND d.status = 'WAITING'
) AS has_waiting
FROM webhook_endpoints AS e WHERE e.workspace_id = $1 AND e.id = $2 AND e.lease_token = $3
"""  # noqa: S608


async def deliveries_waiting(scope: Scope, endpoint_id: int) -> list[Delivery]:
    """Returns what waits, in the order in which it was made: so many rows as were planned at most, and messages."""
    found = await db.fetch(
        """
        SELECT * FROM webhook_deliveries WHERE workspace_id = $1 AND endpoint_id = $2 AND status = 'WAITING'
        ORDER BY id LIMIT 1000
        """,
        scope.workspace_id,
        endpoint_id,
    )
    return [delivery_of(row) for row in found]


async def rest(scope: Scope, endpoint: Endpoint, next_attempt_at: datetime | None, *, is_full: bool) -> None:
    """Writes when the endpoint is to be looked at again, besides when its logs grow."""
    if (endpoint.next_attempt_at, endpoint.is_full) != (next_attempt_at, is_full):
        await write(scope, endpoint.id, {"next_attempt_at": next_attempt_at, "is_full": is_full})


async def keep_quiet(scope: Scope, endpoint: Endpoint, until: datetime) -> None:
    """Nothing is sent before `until`, but tests."""
    await write(scope, endpoint.id, {"quiet_until": until, "next_attempt_at": until, "is_full": True})


async def is_behind(scope: Scope, lease: Lease) -> bool:
    """Whether something came after the endpoint was last looked at."""
    return await db.fetch_value(_IS_BEHIND, scope.workspace_id, lease.key) is not None


_IS_BEHIND: Final = f"""
SELECT 1 FROM webhook_endpoints AS e
WHERE e.workspace_id = $1 AND e.id = $2 AND {_READS} AND e.leased_until IS NULL
  AND coalesce({", ".join(map(_behind, LOGS))}) IS NOT NULL
"""  # noqa: S608 - names of logs, which are constants of the code


async def release(lease: Lease) -> None:
    await leases.release(lease)


async def with_messages(limit: int = 1_000) -> list[tuple[int, int]]:
    """Returns endpoints that send and for which a message is due, as (workspace id, endpoint id). Reads all workspaces."""
    found = await db.fetch(
        f"""
        /* all workspaces */ SELECT DISTINCT e.workspace_id, e.id FROM webhook_deliveries AS d
        JOIN webhook_endpoints AS e ON e.workspace_id = d.workspace_id AND e.id = d.endpoint_id
        WHERE d.status = 'WAITING' AND d.kind = 'MESSAGE' AND d.next_attempt_at <= $1
          AND e.status IN ('ACTIVE', 'BACKING_OFF') AND {_FREE}
        LIMIT $2
        """,  # noqa: S608
        clock.now(),
        limit,
    )
    return [(row["workspace_id"], row["id"]) for row in found]


async def skip_old_messages(limit: int = 1_000) -> int:
    """Messages that waited for five days are SKIPPED. Returns how many. Reads all workspaces."""
    found = await db.fetch(
        """
        /* all workspaces */ SELECT workspace_id, id FROM webhook_deliveries
        WHERE status = 'WAITING' AND kind = 'MESSAGE' AND created_at < $1 ORDER BY created_at LIMIT $2
        """,
        clock.now() - schedule.GIVEN_UP_AFTER,
        limit,
    )
    for row in found:
        await db.execute(
            """
            UPDATE webhook_deliveries SET status = 'SKIPPED', finished_at = $3, payload = NULL
            WHERE workspace_id = $1 AND id = $2 AND status = 'WAITING'
            """,
            row["workspace_id"],
            row["id"],
            clock.now(),
        )
    return len(found)


KEPT: Final = timedelta(days=30)


async def drop_old(limit: int = 5_000) -> int:
    """Deletes deliveries that ended more than 30 days ago. Returns how many. Reads all workspaces."""
    found = await db.fetch(
        "/* all workspaces */ "
        "SELECT workspace_id, id FROM webhook_deliveries WHERE finished_at < $1 ORDER BY finished_at LIMIT $2",
        clock.now() - KEPT,
        limit,
    )
    by_workspace: dict[int, list[int]] = {}
    for row in found:
        by_workspace.setdefault(row["workspace_id"], []).append(row["id"])
    for workspace_id, ids in by_workspace.items():
        await db.execute(
            "DELETE FROM webhook_deliveries WHERE workspace_id = $1 AND id = ANY ($2::bigint[])", workspace_id, ids
        )
    return len(found)
