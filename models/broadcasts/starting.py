"""The start of a broadcast: whether it can, and its audience as it is then. A step that is requested twice is taken once."""

from datetime import datetime
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.broadcasts import audience, drafts, transitions, waiting
from models.broadcasts.states import BroadcastStatus
from models.db.tables.broadcasts import Broadcast, MessageTemplate
from models.errors import DomainError, NotAllowedInState
from models.messaging import channels, counters, sources, templates
from models.messaging.sources import of_broadcast
from models.queue import work
from models.queue.enqueue import enqueue
from permissions.principal import Scope


async def must_be_startable(scope: Scope, broadcast: Broadcast) -> None:
    template = await MessageTemplate.get(workspace_id=scope.workspace_id, id=broadcast.template_id)
    templates.must_be_sendable(template)
    if broadcast.retry_of is None:
        deleted = await deleted_segments(broadcast)
        if deleted:
            raise NotAllowedInState(
                f"the segment {deleted[0]!r} was deleted: restore it, or take it out of the broadcast", ("id",)
            )


async def deleted_segments(broadcast: Broadcast) -> list[str]:
    rows = await db.fetch(
        """
        SELECT coalesce(s.name, 'number ' || wanted.id) AS name
        FROM unnest($2::bigint[]) AS wanted (id) LEFT JOIN segments s ON s.workspace_id = $1 AND s.id = wanted.id
        WHERE s.id IS NULL OR s.deleted_at IS NOT NULL
        """,
        broadcast.workspace_id,
        [*broadcast.include_segment_ids, *broadcast.exclude_segment_ids],
    )
    return [row["name"] for row in rows]


async def start_due() -> list[tuple[int, int]]:
    """Returns (workspace, id) of each. Ends those that are too late."""
    now = clock.now()
    rows = await db.fetch(
        """
        /* all workspaces */
        SELECT workspace_id, id, max_lateness, coalesce(scheduled_at + max_lateness::interval < $1, false) AS late
        FROM broadcasts WHERE status = 'SCHEDULED' AND scheduled_at <= $1 ORDER BY scheduled_at LIMIT 100
        """,
        now,
    )
    started = []
    for row in rows:
        key = (row["workspace_id"], row["id"])
        if row["late"]:
            await _cancel_late(*key, row["max_lateness"], now)
        elif await _start_now(*key, now):
            started.append(key)
    return started


_START: Final = """
    UPDATE broadcasts SET status = 'PREPARING', reason = NULL, updated_at = $3
    WHERE workspace_id = $1 AND id = $2 AND status = 'SCHEDULED' AND scheduled_at <= $3
"""


async def _start_now(workspace_id: int, broadcast_id: int, now: datetime) -> bool:
    async with db.transaction():
        if not await db.execute(_START, workspace_id, broadcast_id, now):
            return False
        await enqueue(work.PREPARE_BROADCAST, workspace_id, broadcast_id)
        await audit_log.record_system(workspace_id, "broadcast_start", "Broadcast", broadcast_id)
    return True


async def _cancel_late(workspace_id: int, broadcast_id: int, max_lateness: str, now: datetime) -> None:
    reason = f"It could not be started within {max_lateness} of its time."
    async with db.transaction():
        cancelled = await db.execute(
            """
            UPDATE broadcasts SET status = 'CANCELLED', reason = $4, finished_at = $3, updated_at = $3
            WHERE workspace_id = $1 AND id = $2 AND status = 'SCHEDULED' AND scheduled_at <= $3
            """,
            workspace_id,
            broadcast_id,
            now,
            reason,
        )
        if cancelled:
            await transitions.release(workspace_id, broadcast_id)
            await transitions.record_end(workspace_id, broadcast_id, BroadcastStatus.CANCELLED, reason)


async def preparing() -> list[tuple[int, int]]:
    """Returns the PREPARING broadcasts of all workspaces, as (workspace id, broadcast id)."""
    rows = await db.fetch("/* all workspaces */ SELECT workspace_id, id FROM broadcasts WHERE status = 'PREPARING'")
    return [(row["workspace_id"], row["id"]) for row in rows]


async def prepare(scope: Scope, broadcast_id: int) -> bool:
    """Returns whether there is something to send.

    False while a segment is being computed for the first time; a periodic task calls again.
    """
    async with db.transaction():
        broadcast = await drafts.get(scope, broadcast_id, for_update=True)
        if broadcast.status != BroadcastStatus.PREPARING:
            return broadcast.status == BroadcastStatus.SENDING
        if await _has_problem(scope, broadcast) or await _must_wait(broadcast):
            return False
        await _freeze(scope, broadcast)
        if broadcast.status == BroadcastStatus.SENDING:
            await waiting.say(scope.workspace_id, broadcast.id)
    return broadcast.status == BroadcastStatus.SENDING


async def _has_problem(scope: Scope, broadcast: Broadcast) -> bool:
    """A problem of channel or template pauses it; a deleted segment ends it."""
    if broadcast.retry_of is None and (deleted := await deleted_segments(broadcast)):
        await transitions.end(
            broadcast, BroadcastStatus.FAILED, f"It could not start: the segment {deleted[0]!r} was deleted."
        )
        return True
    try:
        await channels.get(scope)
        await must_be_startable(scope, broadcast)
    except DomainError as error:
        reason = f"It could not start: {error.message}."
        await transitions.write(broadcast, status=BroadcastStatus.PAUSED, reason=reason)
        await transitions.record_pause(broadcast.workspace_id, broadcast.id, reason)
        return True
    return False


async def _must_wait(broadcast: Broadcast) -> bool:
    """Whether a segment was never computed. Ends a broadcast that is later than `max_lateness`."""
    row = await db.fetch_row(
        """
        SELECT name FROM segments
        WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) AND kind <> 'STATIC' AND active_version = 0 LIMIT 1
        """,
        broadcast.workspace_id,
        [] if broadcast.retry_of is not None else [*broadcast.include_segment_ids, *broadcast.exclude_segment_ids],
    )
    if row is None:
        return False
    late = await db.fetch_value(
        "SELECT $1::timestamptz + $2::text::interval < $3", broadcast.scheduled_at, broadcast.max_lateness, clock.now()
    )
    if late:
        reason = f"The segment {row['name']!r} was still being computed {broadcast.max_lateness} after its time."
        await transitions.end(broadcast, BroadcastStatus.CANCELLED, reason)
    elif not broadcast.reason:
        await transitions.write(broadcast, reason=f"Waiting for the segment {row['name']!r} to be computed.")
    return True


async def _freeze(scope: Scope, broadcast: Broadcast) -> None:
    message = await drafts.message_of(scope, broadcast)
    frozen = await audience.freeze(scope, broadcast, message)
    template = await MessageTemplate.get(workspace_id=scope.workspace_id, id=broadcast.template_id)
    source = of_broadcast(broadcast.id)
    await sources.begin(scope.workspace_id, source, message, template.id, template.business_account_id)
    await counters.begin(scope.workspace_id, source, frozen.recipients)
    exclusions = {reason.value: n for reason, n in frozen.exclusions.items()}
    started = {
        "message": message,
        "audience_size": frozen.recipients,
        "exclusions": exclusions,
        "started_at": clock.now(),
    }
    await transitions.write(broadcast, status=BroadcastStatus.SENDING, reason=None, **started)
    if frozen.recipients == 0:
        await transitions.end(broadcast, BroadcastStatus.COMPLETED, "Nobody was in the audience.")
    else:
        await transitions.release(broadcast.workspace_id, broadcast.id)
