"""Workflows that are paused by themselves: nothing is silently left out."""

from collections.abc import Collection, Mapping
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.messaging.sources import MessageSource, SourceState
from models.queue import work
from models.queue.enqueue import enqueue
from models.workflows import engine_lock
from models.workflows.messages import senders


async def pause_by_itself(workspace_id: int, workflow_id: int, reason: str) -> bool:
    """Pauses a workflow that is ACTIVE or DRAINING, under the lock of the engine; returns whether it was."""
    paused = await db.fetch_value(_PAUSE, workspace_id, workflow_id, reason, clock.now())
    if paused is None:
        return False
    await senders.set_state(workspace_id, workflow_id, SourceState.PAUSED)
    await engine_lock.record_change(workspace_id)
    await audit_log.record_system(workspace_id, "workflow_pause", "Workflow", workflow_id, {"reason": reason})
    return True


_PAUSE: Final = """
    UPDATE workflows SET status = 'PAUSED', drains = status = 'DRAINING', reason = $3, paused_at = $4, updated_at = $4
    WHERE workspace_id = $1 AND id = $2 AND status IN ('ACTIVE', 'DRAINING') RETURNING id
"""


async def stop_sending(workspace_id: int, reasons: Mapping[MessageSource, str]) -> int:
    """Pauses these sources at once, in a transaction that holds messages. Returns how many.

    The engine pauses their workflows afterwards (`pause_stopped`), because its lock comes before all others.
    """
    if not reasons:
        return 0
    ordered = sorted(reasons)
    stopped = await db.execute(
        _STOP,
        workspace_id,
        [source.kind for source in ordered],
        [source.id for source in ordered],
        [reasons[source] for source in ordered],
    )
    if stopped:
        await enqueue(work.PAUSE_WORKFLOWS, workspace_id)
    return stopped


_STOP: Final = """
    UPDATE message_sources s SET state = 'PAUSED', stopped_because = given.reason
    FROM unnest($2::text[], $3::bigint[], $4::text[]) AS given (kind, id, reason)
    WHERE s.workspace_id = $1 AND s.source_kind = given.kind AND s.source_id = given.id AND s.state = 'SENDING'
"""


async def stopped() -> Collection[int]:
    """Workspaces with workflows that must be paused because their messages are stopped."""
    rows = await db.fetch(
        "/* all workspaces */ SELECT DISTINCT workspace_id FROM message_sources WHERE stopped_because IS NOT NULL"
    )
    return [row["workspace_id"] for row in rows]


async def pause_stopped(workspace_id: int) -> int:
    """Pauses the workflows whose messages are stopped. Returns how many."""
    async with db.transaction():
        await engine_lock.take(workspace_id)
        rows = await db.fetch(_STOPPED, workspace_id)
        for row in rows:
            await pause_by_itself(workspace_id, row["workflow_id"], row["reason"])
        await db.execute(
            "UPDATE message_sources SET stopped_because = NULL WHERE workspace_id = $1 AND stopped_because IS NOT NULL",
            workspace_id,
        )
    return len(rows)


_STOPPED: Final = """
    SELECT w.workflow_id, min(s.stopped_because) AS reason FROM message_sources s
    JOIN workflow_senders w ON w.workspace_id = $1 AND w.id = s.source_id
    WHERE s.workspace_id = $1 AND s.source_kind = 'WORKFLOW' AND s.stopped_because IS NOT NULL
    GROUP BY w.workflow_id ORDER BY w.workflow_id
"""
