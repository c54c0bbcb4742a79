"""Pausing and resuming endpoints, and replacing their secrets."""

from datetime import timedelta
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log, secrets
from models.destinations.webhooks import positions, rows
from models.destinations.webhooks.endpoints import leave_out, new_secret, ping, read_again, write
from models.destinations.webhooks.rows import WebhookEndpointStatus
from models.errors import Invalid, NotAllowedInState
from models.queue import work
from models.queue.enqueue import enqueue
from permissions.principal import Scope

LONGEST_OVERLAP: Final = timedelta(days=7)


async def pause(scope: Scope, endpoint_id: int) -> db.Record:
    """Raises NotFound, and NotAllowedInState when it is DISABLED."""
    async with db.transaction():
        was = await rows.lock(scope, endpoint_id)
        if was["status"] == WebhookEndpointStatus.DISABLED:
            raise NotAllowedInState("it is disabled, so nothing is sent: resume it first", ("id",))
        await write(scope, endpoint_id, {"status": WebhookEndpointStatus.PAUSED, "reason": None})
        await audit_log.record(scope, "webhook_endpoint_pause", "WebhookEndpoint", endpoint_id)
    return await read_again(scope, endpoint_id)


async def resume(scope: Scope, endpoint_id: int, *, skip_to_now: bool = False) -> db.Record:
    """Goes on where it was, in any state, without waiting for the next attempt; or leaves out what waits.

    Raises NotFound, and NotInLog when the log no longer has what follows and it is not skipped.
    """
    async with db.transaction():
        was = await rows.lock(scope, endpoint_id)
        if skip_to_now:
            await positions.start_at(scope, endpoint_id, was["event_types"], await positions.heads(scope))
            await leave_out(scope, endpoint_id)  # after the readers, so that nobody plans more meanwhile
        else:
            await _check_log(scope, was)
        await db.execute(_TRY_NOW, scope.workspace_id, endpoint_id, clock.now())
        if was["proved_at"] is None:
            await ping(scope, endpoint_id)
        await write(
            scope,
            endpoint_id,
            {
                "status": WebhookEndpointStatus.CHECKING if was["proved_at"] is None else WebhookEndpointStatus.ACTIVE,
                "reason": None,
                "failing_since": None,
                "notices": 0,
                "next_attempt_at": None,
                "is_full": False,
                "quiet_until": None,
            },
        )
        await audit_log.record(
            scope, "webhook_endpoint_resume", "WebhookEndpoint", endpoint_id, {"skip_to_now": skip_to_now}
        )
        await enqueue(work.SEND_WEBHOOKS, scope.workspace_id, endpoint_id)
    return await read_again(scope, endpoint_id)


_TRY_NOW: Final = """
UPDATE webhook_deliveries SET next_attempt_at = $3, attempts = 0
WHERE workspace_id = $1 AND endpoint_id = $2 AND status = 'WAITING'
"""


async def _check_log(scope: Scope, row: Any) -> None:
    """Raises NotInLog."""
    at = await positions.delivered_up_to(scope, row["id"])
    await positions.check(scope, at, ("id",))


# ---------------------------------------------------------------- secrets


async def rotate_secret(scope: Scope, endpoint_id: int, overlap: timedelta) -> tuple[db.Record, str]:
    """Returns the endpoint and its new secret. The one before signs too, for `overlap`. Raises NotFound, Invalid."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid("the overlap is at most 7 days (P7D), and not negative", ("overlap",))
    async with db.transaction():
        was = await rows.lock(scope, endpoint_id)
        secret, until = new_secret(), clock.now() + overlap
        owner = rows.secret_owner(scope.workspace_id, endpoint_id)
        changes: dict[str, Any] = {
            "encrypted_secret": secrets.encrypt(secret, owner),
            "encrypted_old_secret": was["encrypted_secret"] if overlap else None,
            "old_secret_until": until if overlap else None,
        }
        await write(scope, endpoint_id, changes)
        await audit_log.record(
            scope, "webhook_secret_rotate", "WebhookEndpoint", endpoint_id, {"until": until.isoformat()}
        )
    return await read_again(scope, endpoint_id), secret
