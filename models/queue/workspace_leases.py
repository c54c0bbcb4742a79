"""Leases of a workspace by name, for work without a row: "webhooks", "sending 0"."""

from typing import Final

from models import clock, db
from models.queue import leases
from models.queue.leases import Lease, LeasedTable

LEASES: Final = LeasedTable("workspace_leases", seconds=3, key="name", order="name")
"""After a killed worker another one goes on within seconds."""


async def take(workspace_id: int, name: str) -> Lease | None:
    """Returns the lease of that name, or None while somebody holds it."""
    lease = await leases.take(LEASES, workspace_id, name)
    if lease is None and await _make(workspace_id, name):
        lease = await leases.take(LEASES, workspace_id, name)
    return lease


async def lock(workspace_id: int, name: str) -> bool:
    """Locks the lease until the transaction ends; False when somebody holds it."""
    return await leases.lock(LEASES, workspace_id, name) or await _make(workspace_id, name)


async def _make(workspace_id: int, name: str) -> bool:
    made = await db.fetch_value(
        """
        INSERT INTO workspace_leases (workspace_id, name) VALUES ($1, $2)
        ON CONFLICT (workspace_id, name) DO NOTHING RETURNING 1
        """,
        workspace_id,
        name,
    )
    return made is not None


async def held_names(workspace_id: int) -> set[str]:
    rows = await db.fetch(
        "SELECT name FROM workspace_leases WHERE workspace_id = $1 AND leased_until > $2", workspace_id, clock.now()
    )
    return {row["name"] for row in rows}
