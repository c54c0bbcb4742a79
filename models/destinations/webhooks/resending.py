"""Tests, and what is sent once more. All of it stands beside the endpoint's own cursor."""

from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.destinations.webhooks import positions, rows
from models.destinations.webhooks.endpoints import write
from models.destinations.webhooks.rows import DeliveryKind, DeliveryStatus, WebhookEndpointStatus
from models.errors import Invalid, LimitExceeded, NotAllowedInState, NotFound
from models.queue import work
from models.queue.enqueue import enqueue
from permissions.principal import Scope

MOST_REPLAYS: Final = 10
"""Of an endpoint at a time."""


async def test(scope: Scope, endpoint_id: int) -> db.Record:
    """Sends a signed ping now, in any state, and once. Returns the delivery. Raises NotFound."""
    async with db.transaction():
        await rows.lock(scope, endpoint_id)
        made = await _insert(
            scope, endpoint_id, DeliveryKind.TEST, ("ping", 1, None, None, None, [], '{"test":true}', None)
        )
        await audit_log.record(scope, "webhook_test", "WebhookEndpoint", endpoint_id)
    return made


async def resend(scope: Scope, delivery_id: int) -> db.Record:
    """Sends what a delivery held, marked as a replay. Returns the new delivery. Raises NotFound, NotAllowedInState, NotInLog."""
    async with db.transaction():
        was = next(iter(await rows.deliveries_by_ids(scope, [delivery_id])), None)
        if was is None:
            raise NotFound("there is no such webhook delivery", ("id",))
        endpoint = await rows.lock(scope, was["endpoint_id"])
        _check_that_it_sends(endpoint)
        if was["status"] == DeliveryStatus.WAITING:
            raise NotAllowedInState("it has not ended yet, and is tried again by itself", ("id",))
        if was["log"] is None and was["payload"] is None:
            raise NotAllowedInState("what it held is no longer kept", ("id",))
        kept = (
            "event_type",
            "events",
            "log",
            "after_position",
            "until_position",
            "segment_ids",
            "payload",
            "contact_id",
        )
        made = await _insert(scope, was["endpoint_id"], DeliveryKind.RESEND, tuple(was[name] for name in kept))
        await audit_log.record(scope, "webhook_delivery_resend", "WebhookDelivery", delivery_id)
    return made


async def replay(scope: Scope, endpoint_id: int, after: str, until: str | None) -> db.Record:
    """Sends again what lies between two cursors; `until` None: up to the endpoint's own. Returns the endpoint.

    Raises NotFound, NotAllowedInState, Invalid, NotInLog, LimitExceeded.
    """
    async with db.transaction():
        endpoint = await rows.lock(scope, endpoint_id)
        _check_that_it_sends(endpoint)
        if endpoint["replays"] >= MOST_REPLAYS:
            raise LimitExceeded(f"{MOST_REPLAYS} replays of this endpoint are not finished: wait for one of them")
        begin = await positions.from_text(scope, after, ("after",))
        end = await positions.delivered_up_to(scope, endpoint_id)
        if until is not None:
            end = await positions.from_text(scope, until, ("until",))
            if begin.members > end.members or begin.events > end.events:
                raise Invalid("this lies before `after`: give a later cursor", ("until",))
        await db.execute(
            _REPLAY,
            scope.workspace_id,
            endpoint_id,
            begin.members,
            max(begin.members, end.members),
            begin.events,
            max(begin.events, end.events),
            clock.now(),
        )
        changes = {"replays": endpoint["replays"] + 1, "next_attempt_at": clock.now()}
        await write(scope, endpoint_id, changes)
        await audit_log.record(scope, "webhook_replay", "WebhookEndpoint", endpoint_id)
        await enqueue(work.SEND_WEBHOOKS, scope.workspace_id, endpoint_id)
    found = await rows.find(scope, endpoint_id)
    assert found is not None
    return found


_REPLAY: Final = """
INSERT INTO webhook_replays (
    workspace_id, endpoint_id, members_position, members_until, events_position, events_until, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


def _check_that_it_sends(endpoint: Any) -> None:
    if endpoint["status"] not in (*rows.SENDS, WebhookEndpointStatus.PAUSED):
        raise NotAllowedInState(f"the endpoint is {endpoint['status']}, and sends nothing: resume it first", ("id",))


async def _insert(scope: Scope, endpoint_id: int, kind: DeliveryKind, values: tuple[Any, ...]) -> db.Record:
    """Of the values of _INSERT after its moment."""
    made = await db.fetch_row(_INSERT, scope.workspace_id, endpoint_id, kind, clock.now(), *values)
    assert made is not None
    await write(scope, endpoint_id, {"next_attempt_at": clock.now()})
    await enqueue(work.SEND_WEBHOOKS, scope.workspace_id, endpoint_id)
    return made


_INSERT: Final = """
INSERT INTO webhook_deliveries (
    workspace_id, endpoint_id, kind, next_attempt_at, created_at,
    event_type, events, log, after_position, until_position, segment_ids, payload, contact_id)
VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12)
RETURNING *
"""
