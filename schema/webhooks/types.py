"""Endpoints and deliveries as the API shows them."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models import db
from models.changelog.read import NotInLog
from models.destinations.webhooks import backlogs, bodies, positions, rows
from models.destinations.webhooks.backlogs import Backlog
from models.errors import Forbidden, Invalid
from models.segments import lists
from permissions.capabilities import Permission
from permissions.policy import allows
from permissions.principal import Scope
from schema.enrollments.loading import workflows_of_endpoints
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, ids_of
from schema.server.guard import scope_of
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import JSON, ChangeCursor
from schema.webhooks.enums import WebhookDeliveryMode, WebhookEndpointStatus, WebhookFailurePolicy

# ---------------------------------------------------------------- deliveries


@strawberry.type(description="One try of a request.")
class WebhookAttempt:
    at: datetime = derived(lambda tried: datetime.fromisoformat(tried["at"]), description="When it was sent.")
    milliseconds: int
    status: int | None
    error: str | None
    response: str | None = strawberry.field(description="The first 4 kB of the answer.")


async def _payloads_of(deliveries: Sequence[Any], info: Info) -> Sequence[bytes | Forbidden | None]:
    scope = scope_of(info)
    by_id = {row["id"]: row for row in await rows.by_ids(scope, [row["endpoint_id"] for row in deliveries])}
    return [await _payload_of(scope, row, by_id.get(row["endpoint_id"])) for row in deliveries]


async def _payload_of(scope: Scope, row: Any, endpoint: Any) -> Any:
    with_contacts = endpoint is not None and endpoint["include_contacts"]
    if (with_contacts or row["contact_id"] is not None) and not allows(scope.principal, Permission.CONTACT_READ):
        return Forbidden("to see contacts needs the permission CONTACT_READ")
    try:
        body = await bodies.payload_of(scope, row, with_contacts=with_contacts)
    except NotInLog:
        return None
    return None if body is None else body.decode()


@strawberry.type(description="One request, with all its attempts. Kept for 30 days after its end.")
class WebhookDelivery(Node):
    id: strawberry.ID = global_id("WebhookDelivery", description="Also the webhook-id of every attempt.")
    event_type: str
    events: int = strawberry.field(description="How many changes it holds; 1 for any other event.")
    succeeded: bool | None = derived(
        lambda row: None if row["status"] == "WAITING" else row["status"] == "DELIVERED",
        description="Null while it waits or is tried again.",
    )
    replay: bool = derived(
        lambda row: row["kind"] in ("REPLAY", "RESEND"), description="Whether it sends something once more."
    )
    created_at: datetime
    attempts: list[WebhookAttempt] = derived(lambda row: db.load_json(row["tried"]))
    payload: JSON | None = batched(
        _payloads_of,
        cost=5,
        description="As it was sent, but with contacts as they are now; null once it is too old. Contacts need CONTACT_READ.",
    )


@node("WebhookDelivery", Permission.WEBHOOK_MANAGE)
async def _deliveries(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await rows.deliveries_by_ids(scope, ids)


@strawberry.type
class WebhookDeliveryEdge:
    cursor: str
    node: WebhookDelivery


@strawberry.type
class WebhookDeliveryConnection:
    """A page of deliveries, the newest first."""

    edges: list[WebhookDeliveryEdge]
    nodes: list[WebhookDelivery]
    page_info: PageInfo


# ---------------------------------------------------------------- endpoints


async def _segments_of(endpoints: Sequence[Any], info: Info) -> Sequence[Any]:
    ids = {segment_id for row in endpoints for segment_id in row["segment_ids"]}
    by_id = {row["id"]: row for row in await lists.by_ids(scope_of(info), sorted(ids), deleted_too=True)}
    return [[by_id[one] for one in row["segment_ids"] if one in by_id] for row in endpoints]


async def _cursors_of(endpoints: Sequence[Any], info: Info) -> Sequence[str]:
    scope = scope_of(info)
    found = [await positions.delivered_up_to(scope, row["id"]) for row in endpoints]
    return [one.to_cursor(scope.workspace_id) for one in found]


async def _backlogs(endpoints: Sequence[Any], info: Info) -> list[Backlog]:
    """Counted once for both fields of an operation."""
    known: dict[Any, asyncio.Task[Backlog]] = info.context.batches
    found = []
    for row in endpoints:
        key = ("webhook backlog", row["id"])
        if key not in known:
            known[key] = asyncio.ensure_future(backlogs.backlog_of(scope_of(info), row))
        found.append(await known[key])
    return found


async def _pending_of(endpoints: Sequence[Any], info: Info) -> Sequence[int]:
    return [backlog.events for backlog in await _backlogs(endpoints, info)]


async def _are_minimums(endpoints: Sequence[Any], info: Info) -> Sequence[bool]:
    return [backlog.is_minimum for backlog in await _backlogs(endpoints, info)]


async def _lags_of(endpoints: Sequence[Any], info: Info) -> Sequence[float]:
    return [backlog.seconds for backlog in await _backlogs(endpoints, info)]


async def _pages_of_deliveries(
    endpoints: Sequence[Any],
    info: Info,
    first: int | None = 50,
    after: str | None = None,
    succeeded: bool | None = None,
) -> Sequence[Page | Invalid]:
    scope, ids = scope_of(info), ids_of(endpoints)
    lists_of_deliveries = [Cursors(scope, "WebhookEndpoint.deliveries", one, succeeded) for one in ids]
    key, problems = read_for_each(lists_of_deliveries, after, a_number)
    before = None if key is None else key[0]
    pages = await rows.deliveries_newest_first(scope, ids, page_size(first), before, succeeded)
    return [
        problem or page_of(pages[one], first, after, _writer(cursors))
        for one, cursors, problem in zip(ids, lists_of_deliveries, problems, strict=True)
    ]


def _writer(cursors: Cursors) -> Any:
    return lambda row: cursors.write(row["id"])


BACKLOG_COST = 10
"""In points."""


@strawberry.type(
    description="An address of a partner that is told what happens. It is a cursor over the logs, not a queue of copies: it can"
    " be set back."
)
class WebhookEndpoint(Node):
    id: strawberry.ID = global_id("WebhookEndpoint")
    url: str
    description: str | None
    status: WebhookEndpointStatus
    reason: str | None
    event_types: list[str]
    segments: list[Annotated["Segment", strawberry.lazy("schema.segments.types")]] = batched(_segments_of)  # type: ignore[name-defined] # noqa: F821
    mode: WebhookDeliveryMode
    on_failure: WebhookFailurePolicy
    batch_size: int
    include_contacts: bool
    headers: JSON = derived(
        lambda row: dict.fromkeys(rows.header_names_of(row)),
        description="The names of its own headers; their values are secret, and shown as null.",
    )
    requests_per_second: float | None
    cursor: ChangeCursor | None = batched(_cursors_of, description="Everything before it was delivered or skipped.")
    pending_events: int = batched(
        _pending_of,
        cost=BACKLOG_COST,
        description="How many events wait for it; membership changes of all segments are counted however many they are.",
    )
    pending_events_is_minimum: bool = batched(
        _are_minimums,
        cost=BACKLOG_COST,
        description="Whether more may wait than `pendingEvents` says: what has to be looked through is counted up to 100,000.",
    )
    lag_seconds: float = batched(
        _lags_of, cost=BACKLOG_COST, description="How long the oldest of them has waited; 0 when there is none."
    )
    next_attempt_at: datetime | None
    last_delivered_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deliveries: WebhookDeliveryConnection = batched(_pages_of_deliveries)
    workflows: list[Annotated["Workflow", strawberry.lazy("schema.workflows.types")]] = batched(  # type: ignore[name-defined] # noqa: F821
        workflows_of_endpoints,
        description="The workflows that post to it, by their draft or by what runs; without archived ones.",
    )


@node("WebhookEndpoint", Permission.WEBHOOK_MANAGE)
async def _endpoints(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await rows.by_ids(scope, ids)


@strawberry.type(description="Something that endpoints can be sent.")
class WebhookEventType:
    name: str
    description: str
    schema: JSON = derived(lambda row: row.schema, description="JSON Schema of `data`.")
    example: JSON = derived(lambda row: row.example, description="A whole body.")
