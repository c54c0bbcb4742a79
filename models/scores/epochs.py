"""Tells the engine that scores changed: the epoch of the rules grows, as after a change of a custom field."""

from functools import partial
from typing import Final

from models import clock, db


async def grow(workspace_id: int) -> None:
    """At the end of the ambient transaction. LOCKS: the row of rule_epochs, only then (docs/adr/0033)."""
    await db.before_commit(partial(_grow, workspace_id))


async def _grow(workspace_id: int) -> None:
    row = await db.fetch_row(_EPOCH, workspace_id, int(clock.now().timestamp() * 1_000_000))
    assert row is not None
    await db.execute(_CHANGE, workspace_id, row["epoch"], row["previous"])


_EPOCH: Final = """
    INSERT INTO rule_epochs AS known (workspace_id, epoch) VALUES ($1, $2)
    ON CONFLICT (workspace_id) DO UPDATE SET epoch = greatest(known.epoch + 1, excluded.epoch), previous = known.epoch
    RETURNING epoch, previous
"""

_CHANGE: Final = "INSERT INTO rule_changes (workspace_id, epoch, previous, segment_id) VALUES ($1, $2, $3, NULL)"
