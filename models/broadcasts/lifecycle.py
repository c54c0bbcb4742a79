"""What people do with a broadcast. Commands take effect with the commit: each claim reads the source."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.broadcasts import drafts, starting, transitions
from models.broadcasts.states import FINISHED, BroadcastStatus
from models.changelog import events
from models.db.tables.broadcasts import Broadcast
from models.errors import Invalid, NotAllowedInState
from models.messaging import channels, counters
from models.messaging.sources import of_broadcast
from models.queue import work
from models.queue.enqueue import enqueue
from models.segments import uses
from models.segments.uses import UseKind
from models.values.instants import write_instant
from permissions.principal import Scope

FURTHEST_AHEAD: Final = timedelta(days=366)


JUST_NOW: Final = timedelta(minutes=5)
"""Such a start means now: clocks differ, and requests take time."""


async def schedule(scope: Scope, broadcast_id: int, at: datetime | None) -> Broadcast:
    """Now (`at` None), or at `at`. Raises NotFound, NotAllowedInState or Invalid."""
    async with db.transaction():
        broadcast = await drafts.get(scope, broadcast_id, for_update=True)
        if broadcast.status not in (BroadcastStatus.DRAFT, BroadcastStatus.SCHEDULED):
            raise NotAllowedInState(
                f"this broadcast is {broadcast.status}: only a draft or a scheduled one can be started", ("id",)
            )
        await channels.get(scope)
        await starting.must_be_startable(scope, broadcast)
        now = clock.now()
        at = _start(at, now)
        status = BroadcastStatus.PREPARING if at is None else BroadcastStatus.SCHEDULED
        await transitions.write(broadcast, status=status, scheduled_at=at or now, reason=None)
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
        await transitions.write(
            broadcast, status=to, reason=reason, finished_at=clock.now() if to in FINISHED else None
        )
        await audit_log.record(scope, action, "Broadcast", broadcast.id)
        if to in FINISHED:
            await events.record(broadcast.workspace_id, events.BroadcastFinished(broadcast.id, to, reason))
    return broadcast


def _why_not(broadcast: Broadcast, action: str) -> str:
    verb = action.removeprefix("broadcast_")
    needed = {"pause": "one that is being sent", "resume": "a paused one", "cancel": "one that has not ended"}[verb]
    return f"this broadcast is {broadcast.status}: only {needed} can be {verb}{'led' if verb == 'cancel' else 'd'}"
