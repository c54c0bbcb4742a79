"""What workflows become by themselves: archived when the last has ended, rid of old versions, paused when a segment is gone."""

from collections.abc import Sequence

from models import clock, db
from models.accounts import audit_log, workspaces
from models.messaging.sources import SourceState
from models.workflows import drafts, engine_lock, pausing, sources, uses, versions
from models.workflows.messages import senders
from models.workflows.states import WorkflowStatus
from permissions.principal import Scope


async def to_retire(among: db.Span = db.EVERY) -> list[int]:
    """Workspaces with a workflow that is DRAINING, or whose old versions still listen, or that uses a deleted segment."""
    rows = await db.fetch(_TO_RETIRE, *among)
    return [row["workspace_id"] for row in rows]


_TO_RETIRE = """
/* all workspaces */ SELECT workspace_id FROM workflows WHERE status = 'DRAINING' AND workspace_id > $1 AND workspace_id <= $2
UNION
SELECT s.workspace_id FROM (
    SELECT DISTINCT workspace_id, workflow_id, number FROM workflow_sources WHERE workspace_id > $1 AND workspace_id <= $2) AS s
JOIN workflows w ON w.workspace_id = s.workspace_id AND w.id = s.workflow_id AND w.published_number <> s.number
UNION
SELECT u.workspace_id FROM segment_uses u
JOIN segments s ON s.workspace_id = u.workspace_id AND s.id = u.segment_id AND s.deleted_at IS NOT NULL
JOIN workflows w ON w.workspace_id = u.workspace_id AND w.id = u.used_by_id AND w.status = 'ACTIVE'
WHERE u.kind = 'WORKFLOW' AND u.active AND u.workspace_id > $1 AND u.workspace_id <= $2
"""


async def retire(workspace_id: int) -> None:
    scope = await workspaces.find_system_scope(workspace_id)
    if scope is None:
        return
    async with db.transaction():
        await engine_lock.take(workspace_id)
        await _archive_drained(scope)
        await _let_old_versions_go(scope)
        await _pause_without_segment(scope)


async def _archive_drained(scope: Scope) -> None:
    rows = await db.fetch(
        """
        SELECT id FROM workflows w WHERE w.workspace_id = $1 AND w.status = 'DRAINING' AND NOT EXISTS (
            SELECT 1 FROM enrollments e WHERE e.workspace_id = $1 AND e.workflow_id = w.id AND e.test_id IS NULL)
        """,
        scope.workspace_id,
    )
    for row in rows:
        await sources.unregister(scope, row["id"])
        await senders.set_state(scope.workspace_id, row["id"], SourceState.ENDED)
        await _archive(scope, row["id"])


async def _let_old_versions_go(scope: Scope) -> None:
    """By which nobody goes on any more."""
    rows = await db.fetch(
        """
        SELECT DISTINCT s.workflow_id, s.number FROM workflow_sources s
        JOIN workflows w ON w.workspace_id = $1 AND w.id = s.workflow_id AND w.published_number <> s.number
        WHERE s.workspace_id = $1
        """,
        scope.workspace_id,
    )
    for row in rows:
        followers = await versions.followers(scope, row["workflow_id"])
        entered = [number for number, last in followers.items() if last == row["number"]]
        if not await _anybody(scope, row["workflow_id"], entered):
            await sources.unregister(scope, row["workflow_id"], row["number"])
            await uses.sync(scope, await drafts.get(scope, row["workflow_id"]))


async def _anybody(scope: Scope, workflow_id: int, numbers: Sequence[int]) -> bool:
    return bool(
        await db.fetch_value(
            "SELECT EXISTS (SELECT 1 FROM enrollments WHERE workspace_id = $1 AND workflow_id = $2"
            " AND number = ANY ($3::integer[]))",
            scope.workspace_id,
            workflow_id,
            list(numbers),
        )
    )


async def _pause_without_segment(scope: Scope) -> None:
    """Without the segment it would go wrong silently."""
    rows = await db.fetch(
        """
        SELECT u.used_by_id AS id, min(s.name) AS name FROM segment_uses u
        JOIN segments s ON s.workspace_id = $1 AND s.id = u.segment_id AND s.deleted_at IS NOT NULL
        JOIN workflows w ON w.workspace_id = $1 AND w.id = u.used_by_id AND w.status = 'ACTIVE'
        WHERE u.workspace_id = $1 AND u.kind = 'WORKFLOW' AND u.active GROUP BY u.used_by_id
        """,
        scope.workspace_id,
    )
    for row in rows:
        reason = f"The segment {row['name']!r} was deleted: restore it, or publish without it."
        await pausing.pause_by_itself(scope.workspace_id, row["id"], reason)


async def _archive(scope: Scope, workflow_id: int) -> None:
    workflow = await drafts.get(scope, workflow_id, for_update=True)
    workflow.status, workflow.updated_at = WorkflowStatus.ARCHIVED, clock.now()
    await workflow.save(update_fields=["status", "updated_at"])
    await uses.sync(scope, workflow)
    await engine_lock.record_change(scope.workspace_id)
    await audit_log.record_system(scope.workspace_id, "workflow_archive", "Workflow", workflow_id)
