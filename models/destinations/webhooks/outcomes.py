"""What attempts make of deliveries and of their endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.changelog import events
from models.changelog.events import WebhookEndpointDisabled, WebhookEndpointFailing
from models.destinations.webhooks import rows, schedule
from models.destinations.webhooks.bodies import Delivery
from models.destinations.webhooks.endpoints import write
from models.destinations.webhooks.rows import DeliveryKind, DeliveryStatus, WebhookEndpointStatus
from models.queue.leases import Lease
from permissions.principal import Scope

GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request. `status` None: there was no answer, and `error` says why."""

    at: datetime
    milliseconds: int
    status: int | None = None
    error: str | None = None
    response: str | None = None
    retry_after_seconds: float | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300 and self.error is None

    @property
    def is_slowing_down(self) -> bool:
        return self.status in schedule.SLOW_DOWN

    def to_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "milliseconds": self.milliseconds,
            "status": self.status,
            "error": self.error,
            "response": self.response,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    delivery: Delivery
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class _Written:
    """What a delivery becomes."""

    delivery: Delivery
    attempt: Attempt
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime


async def record(scope: Scope, lease: Lease, outcomes: Sequence[Outcome]) -> WebhookEndpointStatus:
    """In one transaction. Returns the state of the endpoint. Raises LeaseLost: then nothing is written."""
    if all(one.attempt.succeeded for one in outcomes) and await _record_successes(lease, outcomes):
        return WebhookEndpointStatus.ACTIVE
    async with db.transaction():
        row = await rows.hold(lease)
        if outcomes:
            written = [_written(one, row["on_failure"]) for one in outcomes]
            await _write_deliveries(scope, written)
            changes = _endpoint_after(row, written)
            await _tell(scope, row, changes)
            if changes:
                await write(scope, row["id"], changes)
                return WebhookEndpointStatus(changes.get("status", row["status"]))
    return WebhookEndpointStatus(row["status"])


async def _record_successes(lease: Lease, outcomes: Sequence[Outcome]) -> bool:
    """The usual case, with one statement. Returns False when something else changes with it, or the lease was lost."""
    found: int = await db.fetch_value(
        _SUCCESSES,
        lease.workspace_id,
        lease.key,
        lease.token,
        clock.now(),
        [one.delivery.id for one in outcomes],
        [db.dump_json([one.attempt.to_json()]) for one in outcomes],
    )
    return found > 0


_SUCCESSES: Final = """
WITH noted AS (
    UPDATE webhook_endpoints SET last_delivered_at = $4
    WHERE workspace_id = $1 AND id = $2 AND lease_token = $3 AND status = 'ACTIVE' AND failing_since IS NULL
      AND proved_at IS NOT NULL
    RETURNING 1
), written AS (
    UPDATE webhook_deliveries AS d
    SET status = 'DELIVERED', attempts = d.attempts + 1, tried = d.tried || g.attempt, finished_at = $4
    FROM unnest($5::bigint[], $6::jsonb[]) AS g (id, attempt)
    WHERE d.workspace_id = $1 AND d.id = g.id AND d.status = 'WAITING' AND EXISTS (SELECT 1 FROM noted)
)
SELECT count(*) FROM noted
"""


# ---------------------------------------------------------------- deliveries


def _written(outcome: Outcome, on_failure: str) -> _Written:
    delivery, attempt, now = outcome.delivery, outcome.attempt, clock.now()
    if attempt.succeeded:
        return _Written(delivery, attempt, DeliveryStatus.DELIVERED, delivery.attempts + 1, now)
    if delivery.kind is DeliveryKind.TEST:
        return _Written(delivery, attempt, DeliveryStatus.FAILED, 1, now)
    if attempt.is_slowing_down and attempt.retry_after_seconds is not None:
        wait = schedule.honoured(attempt.retry_after_seconds)  # asked for, and so no step of the schedule
        return _Written(delivery, attempt, DeliveryStatus.WAITING, delivery.attempts, now + timedelta(seconds=wait))
    attempts, delays = delivery.attempts + 1, _delays(delivery)
    ended = schedule.is_last(attempts, delays) and (delivery.kind not in _OF_A_CURSOR or on_failure == "SKIP")
    next_at = now + timedelta(seconds=schedule.wait_after(attempts, delays))
    return _Written(delivery, attempt, DeliveryStatus.FAILED if ended else DeliveryStatus.WAITING, attempts, next_at)


_OF_A_CURSOR: Final = frozenset({DeliveryKind.LIVE, DeliveryKind.REPLAY})
"""These block what follows them, or are skipped, as the endpoint says."""


def _delays(delivery: Delivery) -> tuple[float, ...]:
    return schedule.PING_DELAYS if delivery.kind is DeliveryKind.PING else schedule.DELAYS


async def _write_deliveries(scope: Scope, written: Sequence[_Written]) -> None:
    await db.execute(
        _WRITE,
        scope.workspace_id,
        clock.now(),
        [one.delivery.id for one in written],
        [one.status for one in written],
        [one.attempts for one in written],
        [one.next_attempt_at for one in written],
        [db.dump_json([one.attempt.to_json()]) for one in written],
    )


_WRITE: Final = """
UPDATE webhook_deliveries AS d
SET status = g.status, attempts = g.attempts, next_attempt_at = g.next_attempt_at, tried = d.tried || g.attempt,
    finished_at = CASE WHEN g.status = 'WAITING' THEN NULL ELSE $2::timestamptz END
FROM unnest($3::bigint[], $4::text[], $5::integer[], $6::timestamptz[], $7::jsonb[])
    AS g (id, status, attempts, next_attempt_at, attempt)
WHERE d.workspace_id = $1 AND d.id = g.id AND d.status = 'WAITING'
"""


# ---------------------------------------------------------------- the endpoint


def _endpoint_after(row: Any, written: Sequence[_Written]) -> dict[str, Any]:
    """Returns the columns to write. Tests of an endpoint change it only when they prove it."""
    changes: dict[str, Any] = {}
    if any(one.attempt.succeeded for one in written):
        changes["last_delivered_at"] = clock.now()
    if row["proved_at"] is None and any(one.attempt.succeeded for one in written):
        changes["proved_at"] = clock.now()
        if row["status"] == WebhookEndpointStatus.CHECKING:
            changes |= {"status": WebhookEndpointStatus.ACTIVE, "reason": None, "failing_since": None}
        return changes
    counted = [one for one in written if one.delivery.kind is not DeliveryKind.TEST]
    if not counted:
        return changes
    return changes | (_after_success(row) if counted[-1].attempt.succeeded else _after_failure(row, counted))


def _after_success(row: Any) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if row["failing_since"] is not None:
        changes |= {"failing_since": None, "notices": 0}
    if row["status"] == WebhookEndpointStatus.BACKING_OFF:
        changes |= {"status": WebhookEndpointStatus.ACTIVE, "reason": None}
    return changes


def _after_failure(row: Any, written: Sequence[_Written]) -> dict[str, Any]:
    now, last = clock.now(), written[-1]
    since = row["failing_since"] or now
    if any(one.attempt.status == GONE for one in written):
        return _disabled("It answered 410 (Gone): it wants no more webhooks. Resume it when that was a mistake.")
    if last.delivery.kind is DeliveryKind.PING and last.status is DeliveryStatus.FAILED:
        return _disabled("It never answered its ping with 2xx. Resume it when it is ready.")
    if now - since >= schedule.GIVEN_UP_AFTER:
        return _disabled(f"It has failed for five days, since {since:%Y-%m-%d %H:%M} UTC. Resume it when it is mended.")
    changes: dict[str, Any] = {"failing_since": since, "notices": _notices(now - since)}
    if row["status"] in (WebhookEndpointStatus.ACTIVE, WebhookEndpointStatus.BACKING_OFF):
        changes |= {"status": WebhookEndpointStatus.BACKING_OFF, "reason": _reason(last.attempt)}
    elif row["status"] == WebhookEndpointStatus.CHECKING:
        changes["reason"] = f"Its ping was not answered with 2xx yet. {_reason(last.attempt)}"
    return changes


def _disabled(reason: str) -> dict[str, Any]:
    return {"status": WebhookEndpointStatus.DISABLED, "reason": reason, "next_attempt_at": None}


def _reason(attempt: Attempt) -> str:
    return attempt.error or f"It answered with HTTP {attempt.status}."


def _notices(failing: timedelta) -> int:
    return sum(failing >= after for after in schedule.NOTICES)


async def _tell(scope: Scope, row: Any, changes: dict[str, Any]) -> None:
    """Records in the log of events, for other endpoints and people, that it fails or is disabled."""
    if changes.get("status") == WebhookEndpointStatus.DISABLED:
        await tell_disabled(scope, row["id"], row["url"], changes["reason"])
    elif changes.get("notices", 0) > row["notices"]:
        since: datetime = changes["failing_since"]
        await events.record(scope.workspace_id, WebhookEndpointFailing(row["id"], row["url"], since.isoformat()))


async def tell_disabled(scope: Scope, endpoint_id: int, url: str, reason: str) -> None:
    await audit_log.record_system(scope.workspace_id, "webhook_endpoint_disable", "WebhookEndpoint", endpoint_id)
    await events.record(scope.workspace_id, WebhookEndpointDisabled(endpoint_id, url, reason))


async def disable(scope: Scope, lease: Lease, reason: str) -> None:
    """By Muster itself. What waits stays. Raises LeaseLost."""
    async with db.transaction():
        row = await rows.hold(lease)
        await write(scope, row["id"], _disabled(reason))
        await tell_disabled(scope, row["id"], row["url"], reason)
