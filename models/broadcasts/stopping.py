"""How a broadcast stops without a person: it is paused with a reason, or all is sent. What is requested twice is done once."""

from collections.abc import Collection, Mapping

from models import clock, db
from models.broadcasts import transitions
from models.broadcasts.states import BroadcastStatus
from models.messaging import counters, ledger, outcomes, sources
from models.messaging.sources import SourceKind, SourceState, of_broadcast


async def pause_by_itself(workspace_id: int, reasons: Mapping[int, str]) -> int:
    """Those that are SENDING; `reasons` by id. Returns how many.

    Once per transaction: broadcasts are locked in the order of their ids.
    """
    if not reasons:
        return 0
    async with db.transaction():
        held = await _lock(workspace_id, (BroadcastStatus.SENDING,), list(reasons))
        await _pause_held(workspace_id, {broadcast_id: reasons[broadcast_id] for broadcast_id in held})
    return len(held)


async def pause_all(workspace_id: int, reason: str) -> int:
    """Pauses all broadcasts that are PREPARING or SENDING, and returns how many."""
    async with db.transaction():
        held = await _lock(workspace_id, (BroadcastStatus.PREPARING, BroadcastStatus.SENDING), None)
        await _pause_held(workspace_id, dict.fromkeys(held, reason))
    return len(held)


async def _lock(workspace_id: int, statuses: Collection[BroadcastStatus], ids: list[int] | None) -> list[int]:
    rows = await db.fetch(
        """
        SELECT id FROM broadcasts
        WHERE workspace_id = $1 AND status = ANY ($2::text[]) AND ($3::bigint[] IS NULL OR id = ANY ($3::bigint[]))
        ORDER BY id FOR UPDATE
        """,
        workspace_id,
        list(statuses),
        ids,
    )
    return [row["id"] for row in rows]


async def _pause_held(workspace_id: int, reasons: Mapping[int, str]) -> None:
    await db.execute(
        """
        UPDATE broadcasts b SET status = 'PAUSED', reason = g.reason, updated_at = $4
        FROM unnest($2::bigint[], $3::text[]) AS g (id, reason)
        WHERE b.workspace_id = $1 AND b.id = ANY ($2::bigint[]) AND b.id = g.id
        """,
        workspace_id,
        list(reasons),
        list(reasons.values()),
        clock.now(),
    )
    for broadcast_id, reason in reasons.items():
        await transitions.record_pause(workspace_id, broadcast_id, reason)
    await sources.set_state(workspace_id, SourceKind.BROADCAST, reasons.keys(), SourceState.PAUSED)


async def finish(workspace_id: int, broadcast_id: int) -> bool:
    """If no message is open. FAILED only when nothing could be sent. Returns whether it ended."""
    source = of_broadcast(broadcast_id)
    async with db.transaction():
        await counters.lock(workspace_id, source)
        held = await db.fetch_value(
            "SELECT id FROM broadcasts WHERE workspace_id = $1 AND id = $2 AND status = 'SENDING' FOR UPDATE",
            workspace_id,
            broadcast_id,
        )
        if held is None or await ledger.has_open(workspace_id, source):
            return False
        await counters.recount(workspace_id, source)
        counts = (await counters.of(workspace_id, SourceKind.BROADCAST, [broadcast_id]))[broadcast_id]
        nothing = counts["failed"] > 0 and not any(
            counts[name] for name in ("sent", "delivered", "read", "unconfirmed")
        )
        status = BroadcastStatus.FAILED if nothing else BroadcastStatus.COMPLETED
        reason = "Nothing could be sent: each recipient says why." if nothing else None
        await db.execute(
            """
            UPDATE broadcasts SET status = $3, reason = $4, finished_at = $5, updated_at = $5
            WHERE workspace_id = $1 AND id = $2
            """,
            workspace_id,
            broadcast_id,
            status,
            reason,
            clock.now(),
        )
        await sources.set_state(workspace_id, SourceKind.BROADCAST, [broadcast_id], SourceState.ENDED)
        await transitions.record_end(workspace_id, broadcast_id, status, reason)
    return True


async def end_cancelled(workspace_id: int, broadcast_id: int) -> None:
    while await outcomes.skip_rest(workspace_id, of_broadcast(broadcast_id), "The broadcast was cancelled."):
        pass
