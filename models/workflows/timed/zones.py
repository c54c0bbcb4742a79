"""Time zones: which ones contacts live in, and what a change of the workspace's brings about."""

from typing import Final

from models import db
from models.db.distinct import distinct
from models.workflows.listeners import zone_nodes
from models.workflows.run import Run


async def in_use(run: Run) -> list[str]:
    """The zones of contacts, and the workspace's."""
    return list(dict.fromkeys([run.scope.timezone, *await of_contacts(run)]))


async def of_contacts(run: Run) -> list[str]:
    """The zones that contacts have of their own."""
    return [row["timezone"] for row in await db.fetch(_IN_USE, run.workspace_id)]


_IN_USE: Final = distinct("contacts", "timezone", "workspace_id = $1")


async def recompute_after_change(run: Run) -> None:
    """Those whose wait the workspace's zone decides are looked at, when it is another one than before."""
    before = await db.fetch_value("SELECT timezone FROM workflow_engines WHERE workspace_id = $1", run.workspace_id)
    if before == run.scope.timezone:
        return
    await db.execute(
        "UPDATE workflow_engines SET timezone = $2 WHERE workspace_id = $1", run.workspace_id, run.scope.timezone
    )
    for plan in run.plans.inside if before is not None else ():
        nodes = [plan.numbers[key] for key in zone_nodes(plan.graph)]
        await db.execute(_WAKE, run.workspace_id, plan.workflow_id, nodes, run.now)


_WAKE: Final = """
    UPDATE enrollments SET wake_at = $4
    WHERE workspace_id = $1 AND workflow_id = $2 AND node = ANY ($3::smallint[]) AND state IN ('WAITING', 'HELD')
      AND reason IS DISTINCT FROM 'PAUSED' AND test_id IS NULL
"""
