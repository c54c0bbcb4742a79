"""Broadcasts as they are shown: the message, who gets it, and what became of each recipient."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models.broadcasts import drafts, recipients
from models.broadcasts.audience import Audience, ExclusionReason
from models.broadcasts.states import BroadcastStatus
from models.contacts.find import contacts_by_ids
from models.db import Record
from models.db.tables.broadcasts import Broadcast as BroadcastRow
from models.messaging import counters, templates
from models.messaging.message_states import MessageStatus
from models.messaging.sources import SourceKind
from models.segments import lists as segment_lists
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.contacts.contacts import Contact
from schema.segments.segments import Segment
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import all_shown, derived, outside_id, read, shown
from schema.server.guard import admit, query, scope_of
from schema.server.ids import find_id
from schema.server.types.connection import COUNT, Page, PageInfo, counted, page_of, page_size
from schema.server.types.cursors import a_number, a_text, from_cursor, to_cursor
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import Duration

strawberry.enum(BroadcastStatus)
strawberry.enum(
    MessageStatus,
    name="RecipientStatus",
    description="PENDING -> SENDING -> SENT -> DELIVERED -> READ, or FAILED / SKIPPED. UNCONFIRMED: the call's outcome was"
    " lost; it is never sent twice, and a webhook may still settle it.",
)
strawberry.enum(
    ExclusionReason,
    description="Each contact is counted under the first of these that holds, in the order of docs/broadcasts.md.",
)

# ---------------------------------------------------------------- templates


@strawberry.type
class MessageTemplate(Node):
    """A row of message_templates."""

    id: strawberry.ID = outside_id("MessageTemplate")
    name: str
    language: str
    category: str
    status: str
    body: str
    parameters: list[str] = strawberry.field(
        description='Placeholders, in order. Those of the header begin with "header.", those of buttons with "button.".'
    )
    optional_parameters: list[str] = derived(
        lambda row: [slot["name"] for slot in row.slots if not slot["required"]],
        description="What can be filled and need not be: what quick replies send back.",
    )
    unsupported: str | None = strawberry.field(
        description="What in it a broadcast cannot fill; null when it can be sent."
    )


@node("MessageTemplate", Permission.BROADCAST_READ)
async def _templates_by_id(scope: Scope, numbers: Sequence[int]) -> Sequence[Any]:
    return await templates.by_ids(scope, numbers)


# ---------------------------------------------------------------- recipients


async def _contacts_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    admit(info.context, Permission.CONTACT_READ)
    numbers = {read(row, "contact_id") for row in rows}
    found = await contacts_by_ids(scope_of(info), list(numbers), sorted(selected(info) | {"id"}))
    by_number = {row["id"]: row for row in found}
    return [by_number.get(read(row, "contact_id")) for row in rows]


@strawberry.type
class BroadcastRecipient(Node):
    """A row of messages."""

    id: strawberry.ID = outside_id("BroadcastRecipient")
    contact: Contact | None = batched(_contacts_of)
    phone: str
    status: MessageStatus
    reason: str | None = strawberry.field(description="Why it failed or was skipped.")
    error_code: int | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None


@node("BroadcastRecipient", Permission.BROADCAST_READ)
async def _recipients_by_id(scope: Scope, numbers: Sequence[int]) -> Sequence[Any]:
    return await recipients.by_ids(scope, numbers)


@strawberry.type
class BroadcastRecipientEdge:
    """A recipient in its place in the list."""

    cursor: str
    node: BroadcastRecipient


@strawberry.type
class BroadcastRecipientConnection:
    """A page of recipients, in the order of their numbers."""

    edges: list[BroadcastRecipientEdge]
    nodes: list[BroadcastRecipient]
    page_info: PageInfo
    total_count: int = counted()


async def _recipients_of(
    rows: Sequence[Any],
    info: Info,
    first: int | None = 50,
    after: str | None = None,
    status: MessageStatus | None = None,
) -> Sequence[Page]:
    scope = scope_of(info)
    place = None if after is None else _phone(after)
    found = await recipients.page_for_each(scope, [row.id for row in rows], page_size(first) + 1, place, status)
    return [_page(scope, row.id, found[row.id], first, after, status) for row in rows]


def _page(
    scope: Scope,
    broadcast_id: int,
    rows: list[Record],
    first: int | None,
    after: str | None,
    status: MessageStatus | None,
) -> Page:
    async def count() -> int:
        return await recipients.count(scope, broadcast_id, status)

    return page_of(rows, first, after, lambda row: to_cursor(row["phone"]), count)


def _phone(cursor: str) -> str:
    (phone,) = from_cursor(cursor, a_text)
    return str(phone)


# ---------------------------------------------------------------- broadcasts


@strawberry.type
class BroadcastExclusion:
    """Contacts of the include segments that do not get it, for one reason."""

    reason: ExclusionReason
    count: int


@strawberry.type
class BroadcastAudience:
    """Who gets it, counted."""

    recipients: int
    exclusions: list[BroadcastExclusion]


@strawberry.type
class BroadcastCounts:
    """How many recipients are in each state."""

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
    """How one placeholder is filled."""

    name: str
    field: str | None
    text: str | None
    fallback: str | None


async def _templates_of(rows: Sequence[BroadcastRow], info: Info) -> Sequence[Any]:
    found = await templates.by_ids(scope_of(info), list({row.template_id for row in rows}))
    by_number = {template.id: template for template in found}
    return [by_number[row.template_id] for row in rows]


async def _included_in(rows: Sequence[BroadcastRow], info: Info) -> Sequence[Any]:
    return await _segments(info, [row.include_segment_ids for row in rows])


async def _excluded_in(rows: Sequence[BroadcastRow], info: Info) -> Sequence[Any]:
    return await _segments(info, [row.exclude_segment_ids for row in rows])


async def _segments(info: Info, lists: Sequence[Any]) -> Sequence[Any]:
    """Deleted ones too, while they are kept."""
    admit(info.context, Permission.SEGMENT_READ)
    wanted = {number for numbers in lists for number in numbers}
    found = await segment_lists.by_ids(scope_of(info), list(wanted), deleted_too=True)
    by_number = {row["id"]: row for row in found}
    return [[by_number[number] for number in numbers if number in by_number] for numbers in lists]


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


async def _retried_by(rows: Sequence[BroadcastRow], info: Info) -> Sequence[Any]:
    numbers = [number for row in rows if (number := row.retry_of) is not None]
    by_number = {row.id: row for row in await drafts.by_ids(scope_of(info), numbers)}
    return [None if row.retry_of is None else by_number.get(row.retry_of) for row in rows]


@strawberry.type
class Broadcast(Node):
    """A row of broadcasts."""

    id: strawberry.ID = outside_id("Broadcast")
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
    retry_of: Annotated["Broadcast", strawberry.lazy("schema.broadcasts.broadcasts")] | None = batched(
        _retried_by, description="The broadcast whose failed or unconfirmed recipients this one tries again."
    )
    recipients: BroadcastRecipientConnection = batched(_recipients_of)


@node("Broadcast", Permission.BROADCAST_READ)
async def _broadcasts_by_id(scope: Scope, numbers: Sequence[int]) -> Sequence[Any]:
    return await drafts.by_ids(scope, numbers)


@strawberry.type
class BroadcastEdge:
    """A broadcast in its place in the list."""

    cursor: str
    node: Broadcast


@strawberry.type
class BroadcastConnection:
    """A page of broadcasts, the newest first."""

    edges: list[BroadcastEdge]
    nodes: list[Broadcast]
    page_info: PageInfo
    total_count: int = counted()


def _number(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    (number,) = from_cursor(cursor, a_number)
    return int(number)


@strawberry.type
class BroadcastQuery:
    """Broadcasts and templates."""

    @query(Permission.BROADCAST_READ)
    async def broadcast(self, info: Info, id: strawberry.ID) -> Broadcast | None:
        return shown(Broadcast, await drafts.find(scope_of(info), find_id("Broadcast", id) or 0))

    @query(Permission.BROADCAST_READ, description="The newest first.")
    async def broadcasts(
        self, info: Info, first: int | None = 50, after: str | None = None, status: BroadcastStatus | None = None
    ) -> BroadcastConnection:
        scope = scope_of(info)

        async def count() -> int:
            return await drafts.count(scope, status)

        rows = await drafts.newest_first(scope, page_size(first) + 1, _number(after), status)
        return shown(BroadcastConnection, page_of(rows, first, after, lambda row: to_cursor(row.id), count))

    @query(Permission.BROADCAST_READ, description="As they were when they were synced last.")
    async def message_templates(self, info: Info) -> list[MessageTemplate]:
        return all_shown(MessageTemplate, await templates.all_of(scope_of(info)))
