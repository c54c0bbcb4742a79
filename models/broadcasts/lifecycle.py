"""The course of a broadcast: scheduled, prepared, sent, paused, resumed, cancelled, ended.

What a person asks for changes one row and is in force with its commit: a claim looks at that row. The rest is the workers' to do,
and each step here can be taken twice, or by two of them at once, and is taken once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.broadcasts import audience, counters, drafts
from models.changelog import events
from models.db.tables.broadcasts import Broadcast, MessageTemplate
from models.errors import DomainError, Invalid, NotAllowedInState
from models.messaging import channels, ledger, templates
from models.messaging.pace import too_many_failures
from models.messaging.provider_events import Halt
from models.messaging.states import FINISHED, BroadcastStatus
from models.segments import uses
from models.segments.uses import UseKind
from permissions.principal import Scope

FURTHEST_AHEAD: Final = timedelta(days=366)
JUST_NOW: Final = timedelta(minutes=5)
"""A start so little in the past means now: clocks differ, and requests take time."""

LEAST_TO_JUDGE: Final = 100
"""Outcomes over which a failure rate means something."""


# ---------------------------------------------------------------- what a person asks for


async def schedule(scope: Scope, broadcast_id: int, at: datetime | None) -> Broadcast:
    """Start it now (`at` None), or at `at`. Raises NotFound, NotAllowedInState or Invalid.

    The caller rings `prepare_broadcast` after the commit.
    """
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
        await audit_log.record(scope, "broadcast_schedule", "Broadcast", broadcast.id)
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
        gone = await _deleted_segments(broadcast)
        if gone:
            raise NotAllowedInState(
                f"the segment {gone[0]!r} was deleted: restore it, or take it out of the broadcast", ("id",)
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
    """Send nothing more until it is resumed. In force with the commit; calls under way come to their end."""
    possible = (BroadcastStatus.PREPARING, BroadcastStatus.SENDING, BroadcastStatus.PAUSED)
    return await _go(scope, broadcast_id, "broadcast_pause", possible, BroadcastStatus.PAUSED, "Paused by a person.")


async def resume(scope: Scope, broadcast_id: int) -> Broadcast:
    """Go on where it was paused. The caller rings `prepare_broadcast` and `send_slice` after the commit."""
    async with db.transaction():
        broadcast = await drafts.get(scope, broadcast_id, for_update=True)
        if broadcast.status == BroadcastStatus.PAUSED:
            await channels.get(scope)
            if broadcast.audience_size is not None:
                await counters.judged(scope.workspace_id, broadcast.id)
        prepared = broadcast.audience_size is not None
        to = BroadcastStatus.SENDING if prepared else BroadcastStatus.PREPARING
        return await _go(scope, broadcast_id, "broadcast_resume", (BroadcastStatus.PAUSED, to), to, None)


async def cancel(scope: Scope, broadcast_id: int) -> Broadcast:
    """Never send it, or nothing more of it. The caller rings `end_broadcast` after the commit: the rest becomes SKIPPED."""
    possible = set(BroadcastStatus) - FINISHED | {BroadcastStatus.CANCELLED}
    async with db.transaction():
        broadcast = await _go(
            scope, broadcast_id, "broadcast_cancel", possible, BroadcastStatus.CANCELLED, "Cancelled by a person."
        )
        await uses.release(scope, UseKind.BROADCAST, broadcast.id)
    return broadcast


async def _go(
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
            await _record_end(broadcast.workspace_id, broadcast.id, to, reason)
    return broadcast


def _why_not(broadcast: Broadcast, action: str) -> str:
    verb = action.removeprefix("broadcast_")
    needed = {"pause": "one that is being sent", "resume": "a paused one", "cancel": "one that has not ended"}[verb]
    return f"this broadcast is {broadcast.status}: only {needed} can be {verb}{'led' if verb == 'cancel' else 'd'}"


# ---------------------------------------------------------------- starting


async def start_due() -> list[tuple[int, int]]:
    """Take the scheduled broadcasts whose time has come to PREPARING, as (workspace, id); those that are too late end."""
    async with db.transaction():
        rows = await db.fetch(_START_DUE, clock.now())
        for row in sorted(rows, key=lambda row: (row["workspace_id"], row["id"])):
            if row["late"]:
                await _release(row["workspace_id"], row["id"])
                await _record_end(row["workspace_id"], row["id"], row["status"], row["reason"])
    return [(row["workspace_id"], row["id"]) for row in rows if not row["late"]]


_START_DUE = """
UPDATE broadcasts b SET
    status = CASE WHEN late THEN 'CANCELLED' ELSE 'PREPARING' END,
    reason = CASE WHEN late THEN 'It could not be started within ' || max_lateness || ' of its time.' END,
    finished_at = CASE WHEN late THEN $1::timestamptz END,
    updated_at = $1
FROM (SELECT workspace_id, id, coalesce(scheduled_at + max_lateness::interval < $1, false) AS late FROM broadcasts
      WHERE status = 'SCHEDULED' AND scheduled_at <= $1 ORDER BY scheduled_at LIMIT 100 FOR UPDATE SKIP LOCKED) AS due
WHERE b.workspace_id = due.workspace_id AND b.id = due.id
RETURNING b.workspace_id, b.id, due.late, b.status, b.reason
"""


async def prepare(scope: Scope, broadcast_id: int) -> bool:
    """Freeze the audience and begin to send. Returns whether there is now something to be sent.

    Waits (False; the sweep asks again) while a segment is being computed for the first time.
    """
    async with db.transaction():
        broadcast = await drafts.get(scope, broadcast_id, for_update=True)
        if broadcast.status != BroadcastStatus.PREPARING:
            return broadcast.status == BroadcastStatus.SENDING
        if await _has_problem(scope, broadcast) or await _must_wait(broadcast):
            return False
        await _freeze(scope, broadcast)
    return broadcast.status == BroadcastStatus.SENDING


async def _has_problem(scope: Scope, broadcast: Broadcast) -> bool:
    """What a person can mend (the channel, the template) pauses it; a segment that is gone is the end of it."""
    if broadcast.retry_of is None and (gone := await _deleted_segments(broadcast)):
        await _end(broadcast, BroadcastStatus.FAILED, f"It could not start: the segment {gone[0]!r} was deleted.")
        return True
    try:
        await channels.get(scope)
        await _must_be_startable(scope, broadcast)
    except DomainError as error:
        await _write(broadcast, status=BroadcastStatus.PAUSED, reason=f"It could not start: {error.message}.")
        return True
    return False


async def _must_wait(broadcast: Broadcast) -> bool:
    """Whether a segment has never been computed. The broadcast says so; one that waits longer than it may be late, ends."""
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
    found = await audience.freeze(scope, broadcast, message)
    await counters.begin(scope.workspace_id, broadcast.id, found.recipients)
    exclusions = {reason.value: n for reason, n in found.exclusions.items()}
    started = {
        "message": message,
        "audience_size": found.recipients,
        "exclusions": exclusions,
        "started_at": clock.now(),
    }
    await _write(broadcast, status=BroadcastStatus.SENDING, reason=None, **started)
    if found.recipients == 0:
        await _end(broadcast, BroadcastStatus.COMPLETED, "Nobody was in the audience.")
    else:
        await _release(broadcast.workspace_id, broadcast.id)


async def _write(broadcast: Broadcast, **values: Any) -> None:
    await broadcast.update_from_dict(values).save()


async def _end(broadcast: Broadcast, status: BroadcastStatus, reason: str) -> None:
    await _write(broadcast, status=status, reason=reason, finished_at=clock.now())
    await _release(broadcast.workspace_id, broadcast.id)
    await _record_end(broadcast.workspace_id, broadcast.id, status, reason)


async def _record_end(workspace_id: int, broadcast_id: int, status: str, reason: str | None) -> None:
    await events.record(workspace_id, events.BroadcastFinished(broadcast_id, status, reason))


async def _release(workspace_id: int, broadcast_id: int) -> None:
    """The segments may change or go from here on: this broadcast no longer looks at them."""
    await db.execute(
        """
        UPDATE segment_uses SET active = false, last_used_at = greatest(last_used_at, $3)
        WHERE workspace_id = $1 AND kind = 'BROADCAST' AND used_by_id = $2 AND active
        """,
        workspace_id,
        broadcast_id,
        clock.now(),
    )


# ---------------------------------------------------------------- under way


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A broadcast that is being sent."""

    broadcast_id: int
    message: str


async def under_way(workspace_id: int) -> list[UnderWay]:
    """The broadcasts of a workspace that have recipients left, with the message as JSON text."""
    rows = await db.fetch(
        """
        SELECT b.id, b.message::text AS message FROM broadcasts b
        JOIN broadcast_tallies t ON t.workspace_id = b.workspace_id AND t.broadcast_id = b.id
        WHERE b.workspace_id = $1 AND b.status = 'SENDING' AND t.pending > 0 ORDER BY b.id
        """,
        workspace_id,
    )
    return [UnderWay(row["id"], row["message"]) for row in rows]


async def halt(workspace_id: int, how_far: Halt, broadcast_id: int, reason: str) -> int:
    """Pause what would be refused in the same way for everybody; returns how many broadcasts that were."""
    return await db.execute(
        """
        UPDATE broadcasts b SET status = 'PAUSED', reason = $4, updated_at = $5
        FROM broadcasts cause
        WHERE b.workspace_id = $1 AND cause.workspace_id = $1 AND cause.id = $2 AND b.status = 'SENDING'
          AND ($3 = 'ACCOUNT' OR b.id = cause.id OR ($3 = 'TEMPLATE' AND b.template_id = cause.template_id))
        """,
        workspace_id,
        broadcast_id,
        how_far,
        reason,
        clock.now(),
    )


async def halt_all(workspace_id: int, reason: str, template_ids: Collection[int] | None = None) -> int:
    """Pause all that is being sent, or all with one of these templates."""
    return await db.execute(
        """
        UPDATE broadcasts SET status = 'PAUSED', reason = $2, updated_at = $4
        WHERE workspace_id = $1 AND status = 'SENDING' AND ($3::bigint[] IS NULL OR template_id = ANY ($3))
        """,
        workspace_id,
        reason,
        None if template_ids is None else list(template_ids),
        clock.now(),
    )


async def tell_waiting(workspace_id: int, reason: str | None) -> None:
    """What is being sent waits, and why; None: it no longer does."""
    await db.execute(
        """
        UPDATE broadcasts SET reason = $2, updated_at = $3
        WHERE workspace_id = $1 AND status = 'SENDING' AND reason IS DISTINCT FROM $2
        """,
        workspace_id,
        reason,
        clock.now(),
    )


async def judge(workspace_id: int, broadcast_id: int, most_failures: float) -> bool:
    """Pause it when more than `most_failures` (0 to 1) of its recent outcomes are failures. Returns whether it did."""
    row = await db.fetch_row(
        """
        SELECT recent_ends, recent_failures FROM broadcast_tallies
        WHERE workspace_id = $1 AND broadcast_id = $2 AND pending > 0
        """,
        workspace_id,
        broadcast_id,
    )
    if row is None or row["recent_ends"] < LEAST_TO_JUDGE:
        return False
    async with db.transaction():
        await counters.judged(workspace_id, broadcast_id)
        if not too_many_failures(row["recent_ends"], row["recent_failures"], most_failures, LEAST_TO_JUDGE):
            return False
        share = f"{row['recent_failures']} of the last {row['recent_ends']} messages failed"
        return bool(await halt(workspace_id, Halt.BROADCAST, broadcast_id, f"Paused by itself: {share}."))


# ---------------------------------------------------------------- ending


async def finish(workspace_id: int, broadcast_id: int) -> bool:
    """End it when nobody is left: COMPLETED, with the failures counted; FAILED only when nothing at all could be sent."""
    async with db.transaction():
        held = await db.fetch_value(
            """
            SELECT id FROM broadcasts b
            WHERE workspace_id = $1 AND id = $2 AND status = 'SENDING' AND NOT EXISTS (
                SELECT FROM broadcast_recipients r
                WHERE r.workspace_id = $1 AND r.broadcast_id = b.id AND r.status IN ('PENDING', 'SENDING'))
            FOR UPDATE
            """,
            workspace_id,
            broadcast_id,
        )
        if held is None:
            return False
        await counters.recount(workspace_id, broadcast_id)
        counts = (await counters.of(workspace_id, [broadcast_id]))[broadcast_id]
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
        await _record_end(workspace_id, broadcast_id, status, reason)
    return True


async def end_cancelled(workspace_id: int, broadcast_id: int) -> None:
    """The recipients that a cancelled broadcast has not got to become SKIPPED."""
    while await ledger.skip_pending(workspace_id, broadcast_id):
        pass


# ---------------------------------------------------------------- for the sweeps


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A broadcast that a worker may have something to do for."""

    workspace_id: int
    broadcast_id: int
    status: BroadcastStatus
    pending: bool
    sending: bool


async def unfinished() -> list[Unfinished]:
    """What has to go on, in all workspaces: found by indexes of what is under way, however many broadcasts have ended."""
    rows = await db.fetch(
        """
        SELECT workspace_id, id, status, false AS pending, false AS sending FROM broadcasts WHERE status = 'PREPARING'
        UNION ALL
        SELECT b.workspace_id, b.id, b.status, t.pending > 0, t.sending > 0
        FROM broadcast_tallies t JOIN broadcasts b ON b.workspace_id = t.workspace_id AND b.id = t.broadcast_id
        WHERE t.pending > 0 OR t.sending > 0
        UNION ALL
        SELECT b.workspace_id, b.id, b.status, false, false
        FROM broadcasts b JOIN broadcast_tallies t ON t.workspace_id = b.workspace_id AND t.broadcast_id = b.id
        WHERE b.status = 'SENDING' AND t.pending <= 0 AND t.sending <= 0
        """
    )
    return [
        Unfinished(row["workspace_id"], row["id"], BroadcastStatus(row["status"]), row["pending"], row["sending"])
        for row in rows
    ]


async def has_due(workspace_id: int) -> bool:
    """Whether anything could be claimed now."""
    return bool(
        await db.fetch_value(
            """
            SELECT EXISTS (
                SELECT FROM broadcasts b JOIN broadcast_recipients r ON r.workspace_id = b.workspace_id AND r.broadcast_id = b.id
                WHERE b.workspace_id = $1 AND b.status = 'SENDING' AND r.status = 'PENDING' AND r.due_at <= $2)
            """,
            workspace_id,
            clock.now(),
        )
    )
