"""What must not go on is paused, whatever sends it: each kind of source by what owns it."""

from collections.abc import Sequence

from models import db
from models.broadcasts import lifecycle
from models.messaging import counters, sources
from models.messaging.policy import Reach
from models.messaging.sources import MessageSource, SourceKind, Stop


async def stop(workspace_id: int, stop: Stop) -> int:
    """Pause all that the stop reaches; returns how many sources that were."""
    return await _pause(workspace_id, await sources.reached_by(workspace_id, stop), stop.reason)


async def stop_all(workspace_id: int, reason: str, template_ids: Sequence[int] | None = None) -> int:
    """Pause all that is being sent, or all with one of these templates."""
    return await _pause(workspace_id, await sources.sending(workspace_id, template_ids), reason)


async def judge(workspace_id: int, source: MessageSource, most_failures: float) -> bool:
    """Pause it when more than `most_failures` (0 to 1) of its recent outcomes are failures. Returns whether it did."""
    async with db.transaction():
        share = await counters.judge(workspace_id, source, most_failures)
        if share is None:
            return False
        return bool(await stop(workspace_id, Stop(Reach.SOURCE, source, f"Paused by itself: {share}.")))


async def _pause(workspace_id: int, reached: Sequence[MessageSource], reason: str) -> int:
    return await lifecycle.pause_by_itself(workspace_id, sources.ids_of(SourceKind.BROADCAST, reached), reason)
