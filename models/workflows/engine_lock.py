"""One engine of workflows per workspace at a time. Its row is the lock of everything that moves enrollments."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import clock, db
from models.membership import rule_epochs
from models.membership.rule_epochs import RuleEpoch

PATIENCE: Final = "10s"
"""A batch takes some tenths of a second."""


@dataclass(frozen=True, slots=True)
class WorkflowLock:
    """Held by the ambient transaction.

    `now` is when things happen (>= `ticked_at`). `clock_at` is PostgreSQL's time: marks written before are at most as late.
    `epoch` and `rule_epoch` grow when what runs, or what its rules mean, has changed. `ticked_at`: dates, schedules and
    thresholds are looked at up to here; None: never yet. `settled_at`: members of segments are right for this moment; None: time
    moves none.
    """

    workspace_id: int
    now: datetime
    clock_at: datetime
    epoch: int
    rule_epoch: RuleEpoch
    due_at: datetime | None
    ticked_at: datetime | None
    settled_at: datetime | None


def has_ticked(lock: WorkflowLock, moment: datetime) -> bool:
    """Whether members of segments are right for this moment, as far as time alone decides about them."""
    return lock.settled_at is None or lock.settled_at >= moment


async def make(workspace_id: int) -> None:
    """Makes the engine of a workspace, before its first workflow runs. Idempotent."""
    await db.execute(
        "INSERT INTO workflow_engines (workspace_id) VALUES ($1) ON CONFLICT (workspace_id) DO NOTHING", workspace_id
    )


async def find(workspace_id: int) -> WorkflowLock | None:
    """Waits for the lock. Returns None when nothing has ever run in the workspace. Raises db.Busy after PATIENCE."""
    await db.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
    locked = await db.fetch_value(_TAKE, workspace_id)
    return None if locked is None else await _state(workspace_id)


async def hold(workspace_id: int) -> None:
    """Keeps the engine away until the transaction ends, if there is one; takes its turn however long that takes."""
    await db.execute(_TAKE, workspace_id)


async def take(workspace_id: int) -> WorkflowLock:
    """As `find`, but makes the engine if it is not there."""
    lock = await find(workspace_id)
    if lock is None:
        await make(workspace_id)
        lock = await find(workspace_id)
    assert lock is not None
    return lock


_TAKE = "SELECT 1 FROM workflow_engines WHERE workspace_id = $1 FOR UPDATE"


async def _state(workspace_id: int) -> WorkflowLock:
    """Forces generic plans, as the engine of segments does: the statements are long to plan, and look rows up by index."""
    await db.execute(db.forced_plans("plan_cache_mode = 'force_generic_plan'", "enable_seqscan = off", "jit = off"))
    row = await db.fetch_row(_STATE, workspace_id)
    assert row is not None
    now, ticked_at = clock.now(), row["ticked_at"]
    return WorkflowLock(
        workspace_id,
        now if ticked_at is None else max(now, ticked_at),
        row["clock_at"],
        row["epoch"],
        rule_epochs.read(row),
        row["due_at"],
        ticked_at,
        row["settled_at"],
    )


# A statement of its own, so that its snapshot has what the last holder of the lock committed.
_STATE = f"""
SELECT w.epoch, w.due_at, w.ticked_at, {rule_epochs.EPOCH}, clock_timestamp() AS clock_at,
       CASE WHEN h.ticked_at IS NOT NULL THEN greatest(h.ticked_at, h.calm_until) END AS settled_at
FROM workflow_engines AS w
LEFT JOIN membership_heads AS h ON h.workspace_id = $1
WHERE w.workspace_id = $1
"""  # noqa: S608 - columns of our own


async def record_change(workspace_id: int) -> None:
    """What runs has changed: every process reads it again. Needs the lock.

    Epochs are microseconds, so that a restored backup repeats none.
    """
    await db.execute(
        "UPDATE workflow_engines SET epoch = greatest(epoch + 1, $2) WHERE workspace_id = $1",
        workspace_id,
        time.time_ns() // 1_000,
    )


# ---------------------------------------------------------------- time


async def record_due(workspace_id: int, due_at: datetime | None, ticked_at: datetime | None) -> None:
    """When something next falls due by time, and up to when dates and schedules are looked at. Needs the lock."""
    await db.execute(
        "UPDATE workflow_engines SET due_at = $2, ticked_at = $3 WHERE workspace_id = $1",
        workspace_id,
        due_at,
        ticked_at,
    )


async def bring_forward(workspace_id: int, due_at: datetime) -> None:
    """Something falls due at this moment, or before."""
    await db.execute(
        "UPDATE workflow_engines SET due_at = $2 WHERE workspace_id = $1 AND (due_at IS NULL OR due_at > $2)",
        workspace_id,
        due_at,
    )


async def due(limit: int = 1_000) -> list[int]:
    """Workspaces in which something has fallen due, the longest waiting first."""
    rows = await db.fetch(
        "/* all workspaces */ SELECT workspace_id FROM workflow_engines WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
        clock.now(),
        limit,
    )
    return [row["workspace_id"] for row in rows]
