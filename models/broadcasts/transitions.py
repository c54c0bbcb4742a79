"""What every change of a broadcast's status writes, in the caller's transaction."""

from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.broadcasts.states import FINISHED, BroadcastStatus
from models.changelog import events
from models.db.tables.broadcasts import Broadcast
from models.messaging import sources
from models.messaging.sources import SourceKind, SourceState

_SOURCE_STATES: Final = {
    BroadcastStatus.SENDING: SourceState.SENDING,
    BroadcastStatus.PAUSED: SourceState.PAUSED,
    **dict.fromkeys(FINISHED, SourceState.ENDED),
}


async def write(broadcast: Broadcast, **values: Any) -> None:
    await broadcast.update_from_dict(values).save()
    if state := _SOURCE_STATES.get(values.get("status", "")):
        await sources.set_state(broadcast.workspace_id, SourceKind.BROADCAST, [broadcast.id], state)


async def end(broadcast: Broadcast, status: BroadcastStatus, reason: str) -> None:
    await write(broadcast, status=status, reason=reason, finished_at=clock.now())
    await release(broadcast.workspace_id, broadcast.id)
    await record_end(broadcast.workspace_id, broadcast.id, status, reason)


async def record_end(workspace_id: int, broadcast_id: int, status: str, reason: str | None) -> None:
    """Records an end that no caller asked for."""
    details = {"status": status, "reason": reason}
    await audit_log.record_system(workspace_id, "broadcast_end", "Broadcast", broadcast_id, details)
    await events.record(workspace_id, events.BroadcastFinished(broadcast_id, status, reason))


async def record_pause(workspace_id: int, broadcast_id: int, reason: str) -> None:
    await audit_log.record_system(workspace_id, "broadcast_pause", "Broadcast", broadcast_id, {"reason": reason})


async def release(workspace_id: int, broadcast_id: int) -> None:
    """Its segments may change from here on."""
    await db.execute(
        """
        UPDATE segment_uses SET active = false, last_used_at = greatest(last_used_at, $3)
        WHERE workspace_id = $1 AND kind = 'BROADCAST' AND used_by_id = $2 AND active
        """,
        workspace_id,
        broadcast_id,
        clock.now(),
    )
