"""Pauses sources. Functions return how many were sending.

A workflow's messages stop at once; the workflow itself is paused soon after, because the lock of its engine comes first.
"""

from collections.abc import Iterable, Mapping, Sequence

from models import db
from models.broadcasts import stopping
from models.messaging import counters, sources
from models.messaging.policy import Reach
from models.messaging.sources import MessageSource, SourceKind, Stop
from models.workflows import pausing


async def stop(workspace_id: int, stop: Stop) -> int:
    return await pause(workspace_id, await reached_by(workspace_id, [stop]))


async def stop_all(workspace_id: int, reason: str) -> int:
    return await pause(workspace_id, await sending(workspace_id, reason))


async def judge(workspace_id: int, source: MessageSource, most_failures: float) -> bool:
    """Pause it when more than `most_failures` (0 to 1) of its recent outcomes failed; returns whether."""
    async with db.transaction():
        share = await counters.judge(workspace_id, source, most_failures)
        if share is None:
            return False
        return bool(await stop(workspace_id, Stop(Reach.SOURCE, source, f"Paused by itself: {share}.")))


async def reached_by(workspace_id: int, stops: Iterable[Stop]) -> dict[MessageSource, str]:
    """SENDING sources that a stop reaches, with the first one's reason."""
    reasons: dict[MessageSource, str] = {}
    for one in stops:
        for source in await sources.reached_by(workspace_id, one):
            reasons.setdefault(source, one.reason)
    return reasons


async def sending(
    workspace_id: int, reason: str, template_ids: Sequence[int] | None = None
) -> dict[MessageSource, str]:
    """With one of these templates, or all."""
    return dict.fromkeys(await sources.sending(workspace_id, template_ids), reason)


async def pause(workspace_id: int, reasons: Mapping[MessageSource, str]) -> int:
    """A transaction calls this once, and last."""
    broadcasts = {source.id: reason for source, reason in reasons.items() if source.kind == SourceKind.BROADCAST}
    paused = await stopping.pause_by_itself(workspace_id, broadcasts)
    of_workflows = {source: reason for source, reason in reasons.items() if source.kind == SourceKind.WORKFLOW}
    return paused + await pausing.stop_sending(workspace_id, of_workflows)
