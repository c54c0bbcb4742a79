"""Compares the figures of workflows with those inside, workflow after workflow. A difference is drift, and is corrected.

Sums up figures of the past by the day, so that reading them stays cheap.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client import Counter

from models import clock, db
from models.db import Record
from models.workflows import counts
from models.workflows.counts import Counts
from permissions.principal import Scope

log = structlog.get_logger(__name__)

drifted = Counter("muster_workflow_drift_total", "Figures of workflows that did not add up and were corrected.")

CORRECTED: Final = "corrected"
"""The outcome of those who were counted in at a node and are not there."""

EVERY: Final = timedelta(hours=1)


async def find_next() -> tuple[int, int] | None:
    """The workspace and id of the workflow whose figures were looked at longest ago, if that is an hour or more."""
    row = await db.fetch_row(_NEXT, clock.now() - EVERY)
    return None if row is None else (row["workspace_id"], row["id"])


_NEXT = """
/* all workspaces */ SELECT f.workspace_id, f.id FROM workflows AS f
JOIN workspaces AS w ON w.id = f.workspace_id AND w.deleted_at IS NULL
WHERE f.published_number IS NOT NULL AND (f.audited_at IS NULL OR f.audited_at <= $1)
ORDER BY f.audited_at NULLS FIRST LIMIT 1
"""


HOURS_ARE_KEPT: Final = timedelta(days=14)
"""Figures of older hours are summed up by the day (UTC)."""


async def audit(scope: Scope, workflow_id: int) -> int:
    """Returns how many were counted wrong. Looks without a lock, and again under the engine's lock before it corrects."""
    now = clock.now()
    await db.execute(_LOOKED_AT, scope.workspace_id, workflow_id, now)  # first: one that fails must not stop the others
    wrong = await _wrong(scope, workflow_id)
    if wrong:
        wrong = await _correct(scope, workflow_id, now)
    await _sum_up_days(scope, workflow_id, now - HOURS_ARE_KEPT)
    drift: int = sum(abs(row["drift"]) for row in wrong)
    drifted.inc(drift)
    return drift


_LOOKED_AT = "UPDATE workflows SET audited_at = $3 WHERE workspace_id = $1 AND id = $2"


async def _wrong(scope: Scope, workflow_id: int) -> Sequence[Record]:
    return await db.fetch(_WRONG, scope.workspace_id, workflow_id)


# One statement sees one moment, and a batch of the engine commits its counts together with what they count.
_WRONG = """
SELECT number, node, sum(counted)::bigint AS drift FROM (
    SELECT number, node, CASE WHEN what = 'entered' THEN count ELSE -count END AS counted FROM workflow_counts
    WHERE workspace_id = $1 AND workflow_id = $2 AND (what = 'entered' OR what LIKE 'outcome:%' OR what LIKE 'ended:%')
    UNION ALL
    SELECT number, unnest(ARRAY[0, node]), -1 FROM enrollments
    WHERE workspace_id = $1 AND workflow_id = $2 AND test_id IS NULL
) AS figures
GROUP BY number, node HAVING sum(counted) <> 0 ORDER BY number, node
"""


async def _correct(scope: Scope, workflow_id: int, at: datetime) -> Sequence[Record]:
    async with db.transaction():
        await db.execute(_LOCK, scope.workspace_id)
        wrong = await _wrong(scope, workflow_id)
        counted = Counts(at)
        for number, node, drift in wrong:
            _make_right(counted, workflow_id, number, node, drift)
        await counted.write(scope)
    if wrong:
        found = [tuple(row) for row in wrong[:20]]
        log.error("drift corrected in a workflow", workspace=scope.workspace_id, workflow=workflow_id, found=found)
    return wrong


_LOCK = "SELECT FROM workflow_engines WHERE workspace_id = $1 FOR UPDATE"


def _make_right(counted: Counts, workflow_id: int, number: int, node: int, drift: int) -> None:
    """Those inside are the truth: too many counted have left, too few have entered."""
    if drift < 0:
        counted.add(workflow_id, number, node, counts.ENTERED, -drift)
    elif node == counts.WORKFLOW:
        counted.ended(workflow_id, number, "REMOVED", drift)
    else:
        counted.add(workflow_id, number, node, counts.OUTCOME + CORRECTED, drift)


# ---------------------------------------------------------------- figures of the past


async def _sum_up_days(scope: Scope, workflow_id: int, before: datetime) -> None:
    async with db.transaction():
        await db.execute(_LOCK, scope.workspace_id)
        await db.execute(_SUM_UP, scope.workspace_id, workflow_id, before)


# The row of a day's first hour takes what is taken from the other hours.
_SUM_UP = """
WITH hours AS (
    DELETE FROM workflow_counts
    WHERE workspace_id = $1 AND workflow_id = $2 AND hour < $3
      AND hour <> date_trunc('day', hour AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
    RETURNING number, node, what, date_trunc('day', hour AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS day, count
)
INSERT INTO workflow_counts AS c (workspace_id, workflow_id, number, node, what, hour, count)
SELECT $1, $2, number, node, what, day, sum(count)::bigint FROM hours GROUP BY number, node, what, day
ON CONFLICT (workspace_id, workflow_id, number, node, what, hour) DO UPDATE SET count = c.count + excluded.count
"""
