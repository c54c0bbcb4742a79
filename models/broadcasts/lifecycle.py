"""The lifecycle of a broadcast.

Commands take effect with the commit: each claim reads the source. A step that is requested twice is taken once.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.broadcasts import audience, drafts, waiting
from models.broadcasts.states import FINISHED, BroadcastStatus
from models.changelog import events
from models.db.tables.broadcasts import Broadcast, MessageTemplate
from models.errors import DomainError, Invalid, NotAllowedInState
from models.messaging import channels, counters, ledger, outcomes, sources, templates
from models.messaging.sources import SourceKind, SourceState, of_broadcast
from models.queue import work
from models.queue.enqueue import enqueue
from models.segments import uses
from models.segments.uses import UseKind
from models.values.instants import write_instant
from permissions.principal import Scope

FURTHEST_AHEAD: Final = timedelta(days=366)
JUST_NOW: Final = timedelta(minutes=5)
"""Such a start means now: clocks differ, and requests take time."""


# ---------------------------------------------------------------- commands


async def schedule(scope: Scope, broadcast_id: int, at: datetime | None) -> Broadcast:
    """Now (`at` None), or at `at`. Raises NotFound, NotAllowedInState or Invalid."""
    async with db.transaction():
        broadcast = await drafts.get(scope, broadcast_id, for_update=True)
        if broadcast.status not in (BroadcastStatus.DRAFT, BroadcastStatus.SCHEDULED):
            raise NotAllowedInState(
                f"this broadcast is {broadcast.status}: only a draft or a scheduled one can be started", ("id",)
            )
        await channels.get(scope)
        await _must_be_startable(scope, broadcast)
        now = clock.now()
        at = _start(at, now)
        status = BroadcastStatus.PREPARING if at is None else BroadcastStatus.SCHEDULED
        await _write(broadcast, status=status, scheduled_at=at or now, reason=None)
        if at is None:
            await enqueue(work.PREPARE_BROADCAST, scope.workspace_id, broadcast.id)
        details = {"at": None if at is None else write_instant(at)}
        await audit_log.record(scope, "broadcast_schedule", "Broadcast", broadcast.id, details)
    return broadcast


def _start(at: datetime | None, now: datetime) -> datetime | None:
    if at is None or now - JUST_NOW <= at <= now:
        return None
    if at < now:
        raise Invalid("this instant is in the past: leave `at` out to start now", ("at",))
    if at > now + FURTHEST_AHEAD:
        raise Invalid("this instant is more than a year ahead", ("at",))
    return at


async def _must_be_startable(scope: Scope, broadcast: Broadcast) -> None:
    template = await MessageTemplate.get(workspace_id=scope.workspace_id, id=broadcast.template_id)
    templates.must_be_sendable(template)
    if broadcast.retry_of is None:
        deleted = await _deleted_segments(broadcast)
        if deleted:
            raise NotAllowedInState(
                f"the segment {deleted[0]!r} was deleted: restore it, or take it out of the broadcast", ("id",)
            )


async def _deleted_segments(broadcast: Broadcast) -> list[str]:
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


async def pause(scope: Scope, broadcast_id: int) -> Broadcast:
    """Stops new calls after the commit; calls under way are finished."""
    possible = (BroadcastStatus.PREPARING, BroadcastStatus.SENDING, BroadcastStatus.PAUSED)
    return await _change_status(
        scope, broadcast_id, "broadcast_pause", possible, BroadcastStatus.PAUSED, "Paused by a person."
    )


async def resume(scope: Scope, broadcast_id: int) -> Broadcast:
    async with db.transaction():
        await counters.lock(scope.workspace_id, of_broadcast(broadcast_id))
        broadcast = await drafts.get(scope, broadcast_id, for_update=True)
        if broadcast.status == BroadcastStatus.PAUSED:
            await channels.get(scope)
            if broadcast.audience_size is not None:
                await counters.begin_judging(scope.workspace_id, of_broadcast(broadcast.id))
        prepared = broadcast.audience_size is not None
        to = BroadcastStatus.SENDING if prepared else BroadcastStatus.PREPARING
        await enqueue(work.PREPARE_BROADCAST, scope.workspace_id, broadcast_id)
        return await _change_status(scope, broadcast_id, "broadcast_resume", (BroadcastStatus.PAUSED, to), to, None)


async def cancel(scope: Scope, broadcast_id: int) -> Broadcast:
    """Ends the broadcast; its waiting messages become SKIPPED."""
    possible = set(BroadcastStatus) - FINISHED | {BroadcastStatus.CANCELLED}
    async with db.transaction():
        broadcast = await _change_status(
            scope, broadcast_id, "broadcast_cancel", possible, BroadcastStatus.CANCELLED, "Cancelled by a person."
        )
        await uses.release(scope, UseKind.BROADCAST, broadcast.id)
        await enqueue(work.END_BROADCAST, scope.workspace_id, broadcast.id)
    return broadcast


async def _change_status(
    scope: Scope,
    broadcast_id: int,
    action: str,
    possible: Collection[BroadcastStatus],
    to: BroadcastStatus,
    reason: str | None,
) -> Broadcast:
    async with db.transaction():
        broadcast = await drafts.get(scope, broadcast_id, for_update=True)
        if broadcast.status == to:
            return broadcast
        if broadcast.status not in possible:
            raise NotAllowedInState(_why_not(broadcast, action), ("id",))
        await _write(broadcast, status=to, reason=reason, finished_at=clock.now() if to in FINISHED else None)
        await audit_log.record(scope, action, "Broadcast", broadcast.id)
        if to in FINISHED:
            await events.record(broadcast.workspace_id, events.BroadcastFinished(broadcast.id, to, reason))
    return broadcast


def _why_not(broadcast: Broadcast, action: str) -> str:
    verb = action.removeprefix("broadcast_")
    needed = {"pause": "one that is being sent", "resume": "a paused one", "cancel": "one that has not ended"}[verb]
    return f"this broadcast is {broadcast.status}: only {needed} can be {verb}{'led' if verb == 'cancel' else 'd'}"


# ---------------------------------------------------------------- starting


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
            await _release(workspace_id, broadcast_id)
            await _record_end(workspace_id, broadcast_id, BroadcastStatus.CANCELLED, reason)


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
    if broadcast.retry_of is None and (deleted := await _deleted_segments(broadcast)):
        await _end(broadcast, BroadcastStatus.FAILED, f"It could not start: the segment {deleted[0]!r} was deleted.")
        return True
    try:
        await channels.get(scope)
        await _must_be_startable(scope, broadcast)
    except DomainError as error:
        reason = f"It could not start: {error.message}."
        await _write(broadcast, status=BroadcastStatus.PAUSED, reason=reason)
        await _record_pause(broadcast.workspace_id, broadcast.id, reason)
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
        await _end(broadcast, BroadcastStatus.CANCELLED, reason)
    elif not broadcast.reason:
        await _write(broadcast, reason=f"Waiting for the segment {row['name']!r} to be computed.")
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
    await _write(broadcast, status=BroadcastStatus.SENDING, reason=None, **started)
    if frozen.recipients == 0:
        await _end(broadcast, BroadcastStatus.COMPLETED, "Nobody was in the audience.")
    else:
        await _release(broadcast.workspace_id, broadcast.id)


_SOURCE_STATES: Final = {
    BroadcastStatus.SENDING: SourceState.SENDING,
    BroadcastStatus.PAUSED: SourceState.PAUSED,
    **dict.fromkeys(FINISHED, SourceState.ENDED),
}


async def _write(broadcast: Broadcast, **values: Any) -> None:
    await broadcast.update_from_dict(values).save()
    if state := _SOURCE_STATES.get(values.get("status", "")):
        await sources.set_state(broadcast.workspace_id, SourceKind.BROADCAST, [broadcast.id], state)


async def _end(broadcast: Broadcast, status: BroadcastStatus, reason: str) -> None:
    await _write(broadcast, status=status, reason=reason, finished_at=clock.now())
    await _release(broadcast.workspace_id, broadcast.id)
    await _record_end(broadcast.workspace_id, broadcast.id, status, reason)


async def _record_end(workspace_id: int, broadcast_id: int, status: str, reason: str | None) -> None:
    """Records an end that no caller asked for."""
    details = {"status": status, "reason": reason}
    await audit_log.record_system(workspace_id, "broadcast_end", "Broadcast", broadcast_id, details)
    await events.record(workspace_id, events.BroadcastFinished(broadcast_id, status, reason))


async def _record_pause(workspace_id: int, broadcast_id: int, reason: str) -> None:
    await audit_log.record_system(workspace_id, "broadcast_pause", "Broadcast", broadcast_id, {"reason": reason})


async def _release(workspace_id: int, broadcast_id: int) -> None:
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


# ---------------------------------------------------------------- while it is sent


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
        await _record_pause(workspace_id, broadcast_id, reason)
    await sources.set_state(workspace_id, SourceKind.BROADCAST, reasons.keys(), SourceState.PAUSED)


# ---------------------------------------------------------------- ending


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
        await _record_end(workspace_id, broadcast_id, status, reason)
    return True


async def end_cancelled(workspace_id: int, broadcast_id: int) -> None:
    while await outcomes.skip_rest(workspace_id, of_broadcast(broadcast_id), "The broadcast was cancelled."):
        pass


async def preparing() -> list[tuple[int, int]]:
    """Returns the PREPARING broadcasts of all workspaces, as (workspace id, broadcast id)."""
    rows = await db.fetch("/* all workspaces */ SELECT workspace_id, id FROM broadcasts WHERE status = 'PREPARING'")
    return [(row["workspace_id"], row["id"]) for row in rows]
