"""Broadcasts as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models.broadcasts import drafts
from models.broadcasts.audience import Audience
from models.db.tables.broadcasts import Broadcast as BroadcastRow
from models.messaging import counters, templates
from models.messaging.sources import SourceKind
from models.segments import lists as segment_lists
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.broadcasts.enums import BroadcastStatus, ExclusionReason
from schema.broadcasts.exclusion_types import excluded_of
from schema.broadcasts.recipient_types import BroadcastReason, BroadcastRecipientConnection, reasons_of, recipients_of
from schema.contacts.types import ContactConnection
from schema.messaging.types import MessageTemplate
from schema.segments.types import Segment
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import global_id
from schema.server.guard import admit, scope_of
from schema.server.types.connection import COUNT, PageInfo, counted
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import Duration


@strawberry.type
class BroadcastExclusion:
    """How many contacts of the included segments do not get it, for one reason."""

    reason: ExclusionReason
    count: int


@strawberry.type
class BroadcastAudience:
    recipients: int
    exclusions: list[BroadcastExclusion]


@strawberry.type
class BroadcastCounts:
    pending: int
    sending: int
    sent: int
    delivered: int
    read: int
    failed: int
    skipped: int
    unconfirmed: int


@strawberry.type
class TemplateParameter:
    name: str
    field: str | None
    text: str | None
    fallback: str | None


async def _templates_of(rows: Sequence[BroadcastRow], info: Info) -> Sequence[Any]:
    found = await templates.by_ids(scope_of(info), list({row.template_id for row in rows}))
    by_id = {template.id: template for template in found}
    return [by_id[row.template_id] for row in rows]


async def _included_in(rows: Sequence[BroadcastRow], info: Info) -> Sequence[Any]:
    return await _segments(info, [row.include_segment_ids for row in rows])


async def _excluded_in(rows: Sequence[BroadcastRow], info: Info) -> Sequence[Any]:
    return await _segments(info, [row.exclude_segment_ids for row in rows])


async def _segments(info: Info, lists: Sequence[Sequence[int]]) -> Sequence[Any]:
    """Returns the segments of each list of ids, deleted ones included while they are kept."""
    admit(info.context, Permission.SEGMENT_READ)
    wanted = {segment_id for ids in lists for segment_id in ids}
    found = await segment_lists.by_ids(scope_of(info), list(wanted), deleted_too=True)
    by_id = {row["id"]: row for row in found}
    return [[by_id[segment_id] for segment_id in ids if segment_id in by_id] for ids in lists]


async def _audiences_of(rows: Sequence[BroadcastRow], info: Info) -> Sequence[Any]:
    return [_audience(await drafts.audience_of(scope_of(info), row)) for row in rows]


def _audience(found: Audience) -> BroadcastAudience:
    exclusions = [
        BroadcastExclusion(reason=reason, count=found.exclusions[reason])
        for reason in ExclusionReason
        if found.exclusions.get(reason)
    ]
    return BroadcastAudience(recipients=found.recipients, exclusions=exclusions)


async def _counts_of(rows: Sequence[BroadcastRow], info: Info) -> Sequence[Any]:
    counts = await counters.of(scope_of(info).workspace_id, SourceKind.BROADCAST, [row.id for row in rows])
    return [counts[row.id] for row in rows]


async def _retried_of(rows: Sequence[BroadcastRow], info: Info) -> Sequence[Any]:
    ids = [row.retry_of for row in rows if row.retry_of is not None]
    by_id = {row.id: row for row in await drafts.by_ids(scope_of(info), ids)}
    return [None if row.retry_of is None else by_id.get(row.retry_of) for row in rows]


@strawberry.type
class Broadcast(Node):
    id: strawberry.ID = global_id("Broadcast")
    status: BroadcastStatus
    name: str
    template: MessageTemplate = batched(_templates_of)
    parameters: list[TemplateParameter]
    include_segments: list[Segment] = batched(_included_in)
    exclude_segments: list[Segment] = batched(_excluded_in)
    require_opt_in: bool
    scheduled_at: datetime | None
    max_lateness: Duration | None = strawberry.field(
        description="Not started when it would be later than this after `scheduledAt`: it becomes CANCELLED, and says so."
    )
    reason: str | None = strawberry.field(description="Why it is paused, cancelled or failed; or what it waits for.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    audience: BroadcastAudience = batched(
        _audiences_of,
        cost=COUNT,
        description="Who would get it, or, once started, who the audience is: counted with the very predicate that sends.",
    )
    counts: BroadcastCounts = batched(_counts_of)
    retry_of: Annotated["Broadcast", strawberry.lazy("schema.broadcasts.types")] | None = batched(
        _retried_of, description="The broadcast whose failed or unconfirmed recipients this one tries again."
    )
    reasons: list[BroadcastReason] = batched(
        reasons_of,
        cost=COUNT,
        description="Why messages are FAILED, SKIPPED or UNCONFIRMED, the most frequent reason first.",
    )
    recipients: BroadcastRecipientConnection = batched(recipients_of)
    excluded: ContactConnection = batched(
        excluded_of,
        cost=COUNT,
        description="The people behind one number of `audience.exclusions`, the oldest contact first. Once the broadcast has"
        " started: those who were left out then, without contacts that were deleted since.",
    )


@node("Broadcast", Permission.BROADCAST_READ)
async def _broadcasts(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await drafts.by_ids(scope, ids)


@strawberry.type
class BroadcastEdge:
    cursor: str
    node: Broadcast


@strawberry.type
class BroadcastConnection:
    """A page of broadcasts, newest first."""

    edges: list[BroadcastEdge]
    nodes: list[Broadcast]
    page_info: PageInfo
    total_count: int = counted()
