"""Making and changing endpoints. Each function locks the endpoint's row first."""

import os
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from models import clock, db, running_workflows
from models.accounts import audit_log, secrets
from models.destinations.webhooks import positions, rows
from models.destinations.webhooks.positions import Positions
from models.destinations.webhooks.rows import SENDS, WebhookEndpointStatus
from models.destinations.webhooks.settings import EndpointSettings, check_settings
from models.errors import Invalid, LimitExceeded, NotFound
from models.queue import work
from models.queue.enqueue import enqueue
from models.segments import uses
from models.segments.uses import UseKind
from permissions.principal import PrincipalKind, Scope

MOST_ENDPOINTS: Final = 100
"""Of one workspace."""

SECRET_BYTES: Final = 32


def new_secret() -> str:
    return f"whsec_{b64encode(os.urandom(SECRET_BYTES)).decode()}"


# ---------------------------------------------------------------- create, change, delete


async def create(scope: Scope, given: EndpointSettings, start_at: str | None = None) -> tuple[db.Record, str]:
    """Returns the endpoint, which is CHECKING, and its secret. Raises Problems, NotFound, NotInLog, LimitExceeded."""
    check_settings(given)
    async with db.transaction():
        await db.advisory_lock(f"webhook-endpoints:{scope.workspace_id}")
        if len(await rows.all_of(scope)) >= MOST_ENDPOINTS:
            raise LimitExceeded(f"there are {MOST_ENDPOINTS} endpoints already: delete one that is not needed")
        begin = await _begin(scope, start_at)
        endpoint_id: int = await db.fetch_value("SELECT nextval('webhook_endpoints_id_seq')")
        secret = new_secret()
        await _insert(scope, endpoint_id, given, secret)
        await positions.start_at(scope, endpoint_id, given.event_types, begin)
        await _use_segments(scope, endpoint_id, given)
        await ping(scope, endpoint_id)
        await audit_log.record(
            scope, "webhook_endpoint_create", "WebhookEndpoint", endpoint_id, {"event_types": list(given.event_types)}
        )
    return await read_again(scope, endpoint_id), secret


async def _begin(scope: Scope, start_at: str | None) -> Positions:
    return (
        await positions.heads(scope) if start_at is None else await positions.from_text(scope, start_at, ("startAt",))
    )


async def _insert(scope: Scope, endpoint_id: int, given: EndpointSettings, secret: str) -> None:
    values = {
        **_columns(scope, endpoint_id, given, {}),
        "encrypted_secret": secrets.encrypt(secret, rows.secret_owner(scope.workspace_id, endpoint_id)),
        "status": WebhookEndpointStatus.CHECKING,
        "created_by": scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None,
        "created_at": clock.now(),
    }
    names = ", ".join(values)
    places = ", ".join(f"${number}" for number in range(3, 3 + len(values)))
    await db.execute(
        f"INSERT INTO webhook_endpoints (workspace_id, id, {names}) VALUES ($1, $2, {places})",  # noqa: S608 - constants
        scope.workspace_id,
        endpoint_id,
        *values.values(),
    )


def _columns(scope: Scope, endpoint_id: int, given: EndpointSettings, known: Mapping[str, str]) -> dict[str, Any]:
    headers = _headers(given, known)
    owner = rows.header_owner(scope.workspace_id, endpoint_id)
    return {
        "url": given.url,
        "description": given.description,
        "event_types": sorted(set(given.event_types)),
        "segment_ids": sorted(set(given.segment_ids)),
        "mode": given.mode,
        "on_failure": given.on_failure,
        "batch_size": given.batch_size,
        "include_contacts": given.include_contacts,
        "requests_per_second": given.requests_per_second,
        "encrypted_headers": secrets.encrypt(db.dump_json(headers), owner) if headers else None,
        "updated_at": clock.now(),
    }


def _headers(given: EndpointSettings, known: Mapping[str, str]) -> dict[str, str]:
    """A value None stands for the one that is stored. Raises Invalid when there is none."""
    if given.headers is None:
        return dict(known)
    stored = {name.lower(): value for name, value in known.items()}
    headers: dict[str, str] = {}
    for name, value in given.headers.items():
        kept = stored.get(name.lower()) if value is None else value
        if kept is None:
            raise Invalid("this header has no value yet: give one", ("headers", name))
        headers[name] = kept
    return headers


async def get(scope: Scope, endpoint_id: int) -> db.Record:
    """Raises NotFound."""
    row = await rows.find(scope, endpoint_id)
    if row is None:
        raise NotFound("there is no such webhook endpoint", ("id",))
    return row


async def update(scope: Scope, endpoint_id: int, given: EndpointSettings, start_at: str | None = None) -> db.Record:
    """With `start_at` the endpoint is set to that cursor, and what waits is left out. Another URL has to prove itself again.

    Raises Problems, NotFound, NotInLog.
    """
    check_settings(given)
    async with db.transaction():
        was = await rows.lock(scope, endpoint_id)
        read = await positions.read_up_to(scope, endpoint_id)
        if start_at is not None:
            read = await positions.from_text(scope, start_at, ("startAt",))
        changes = _columns(scope, endpoint_id, given, rows.headers_of(was))
        if start_at is not None:
            changes |= {"next_attempt_at": None, "is_full": False}
        if given.url != was["url"]:
            changes |= await _to_be_proved(scope, was)
        await write(scope, endpoint_id, changes)
        await positions.start_at(scope, endpoint_id, given.event_types, read)
        if start_at is not None:
            await leave_out(scope, endpoint_id)  # after the readers, so that nobody plans more meanwhile
        await _use_segments(scope, endpoint_id, given)
        await audit_log.record(
            scope,
            "webhook_endpoint_update",
            "WebhookEndpoint",
            endpoint_id,
            {"fields": sorted(name for name in changes if name in was and changes[name] != was[name])},
        )
        await enqueue(work.SEND_WEBHOOKS, scope.workspace_id, endpoint_id)
    return await read_again(scope, endpoint_id)


async def _to_be_proved(scope: Scope, was: Any) -> dict[str, Any]:
    changes: dict[str, Any] = {"proved_at": None, "quiet_until": None}
    if was["status"] in SENDS or was["status"] == WebhookEndpointStatus.CHECKING:
        changes |= {"status": WebhookEndpointStatus.CHECKING, "reason": None, "failing_since": None, "notices": 0}
        await ping(scope, was["id"])
    return changes


async def delete(scope: Scope, endpoint_id: int) -> None:
    """Nothing more is sent. Messages of others that wait for it are SKIPPED. Raises NotFound or InUse."""
    async with db.transaction():
        await rows.lock(scope, endpoint_id)
        await running_workflows.refuse_when_named(scope, _NODES, "endpoint", id=endpoint_id)
        await positions.start_at(scope, endpoint_id, (), Positions(0, 0))
        await db.execute(
            "DELETE FROM webhook_deliveries WHERE workspace_id = $1 AND endpoint_id = $2 AND kind <> 'MESSAGE'",
            scope.workspace_id,
            endpoint_id,
        )
        await db.execute(_SKIP_MESSAGES, scope.workspace_id, endpoint_id, clock.now())
        await uses.release(scope, UseKind.WEBHOOK, endpoint_id)
        await db.execute(
            "DELETE FROM webhook_endpoints WHERE workspace_id = $1 AND id = $2", scope.workspace_id, endpoint_id
        )
        await audit_log.record(scope, "webhook_endpoint_delete", "WebhookEndpoint", endpoint_id)


_NODES: Final = "$.nodes[*].do.webhook.endpointId ? (@ == $id)"

_SKIP_MESSAGES: Final = """
UPDATE webhook_deliveries SET status = 'SKIPPED', finished_at = $3, payload = NULL
WHERE workspace_id = $1 AND endpoint_id = $2 AND status = 'WAITING'
"""


# ---------------------------------------------------------------- parts


async def leave_out(scope: Scope, endpoint_id: int) -> None:
    """What waits of the endpoint's own cursor is not sent any more."""
    await db.execute(
        """
        UPDATE webhook_deliveries SET status = 'SKIPPED', finished_at = $3
        WHERE workspace_id = $1 AND endpoint_id = $2 AND status = 'WAITING' AND kind = 'LIVE'
        """,
        scope.workspace_id,
        endpoint_id,
        clock.now(),
    )


async def write(scope: Scope, endpoint_id: int, changes: Mapping[str, Any]) -> None:
    """Names of columns come from the code only."""
    assignments = ", ".join(f"{name} = ${number}" for number, name in enumerate(changes, 3))
    await db.execute(
        f"UPDATE webhook_endpoints SET {assignments} WHERE workspace_id = $1 AND id = $2",  # noqa: S608
        scope.workspace_id,
        endpoint_id,
        *changes.values(),
    )


async def ping(scope: Scope, endpoint_id: int) -> None:
    """A ping that waits already is sent again from its first attempt."""
    now: datetime = clock.now()
    await db.execute(
        "DELETE FROM webhook_deliveries"
        " WHERE workspace_id = $1 AND endpoint_id = $2 AND kind = 'PING' AND status = 'WAITING'",
        scope.workspace_id,
        endpoint_id,
    )
    await db.execute(
        """
        INSERT INTO webhook_deliveries (workspace_id, endpoint_id, kind, event_type, events, payload, next_attempt_at, created_at)
        VALUES ($1, $2, 'PING', 'ping', 1, '{"test":false}', $3, $3)
        """,
        scope.workspace_id,
        endpoint_id,
        now,
    )
    await write(scope, endpoint_id, {"next_attempt_at": now})
    await enqueue(work.SEND_WEBHOOKS, scope.workspace_id, endpoint_id)


async def _use_segments(scope: Scope, endpoint_id: int, given: EndpointSettings) -> None:
    label = given.description or given.url
    await uses.replace(
        scope, sorted(set(given.segment_ids)), UseKind.WEBHOOK, endpoint_id, label[:200], path=("segmentIds",)
    )


async def read_again(scope: Scope, endpoint_id: int) -> db.Record:
    row = await rows.find(scope, endpoint_id)
    assert row is not None
    return row
