"""Recipients as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import strawberry

from models.broadcasts import recipients
from models.contacts.find import contacts_by_ids
from models.db import Record
from models.errors import Invalid, at
from models.values.texts import check_text
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.broadcasts.enums import MessageStatus
from schema.contacts.types import Contact
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import global_id, read
from schema.server.guard import admit, scope_of
from schema.server.types.connection import Page, PageInfo, counted, page_of, page_size
from schema.server.types.cursors import Cursors, a_text, read_for_each
from schema.server.types.nodes import Node, node

_LONGEST_REASON: Final = 1_000


async def _contacts_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    admit(info.context, Permission.CONTACT_READ)
    ids = {read(row, "contact_id") for row in rows}
    found = await contacts_by_ids(scope_of(info), list(ids), sorted(selected(info) | {"id"}))
    by_id = {row["id"]: row for row in found}
    return [by_id.get(read(row, "contact_id")) for row in rows]


@strawberry.type
class BroadcastRecipient(Node):
    """Reads a row of the table `messages`."""

    id: strawberry.ID = global_id("BroadcastRecipient")
    contact: Contact | None = batched(_contacts_of)
    phone: str
    status: MessageStatus
    reason: str | None = strawberry.field(description="Why it failed or was skipped; or what it waits for.")
    error_code: int | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None


@node("BroadcastRecipient", Permission.BROADCAST_READ)
async def _recipients(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await recipients.by_ids(scope, ids)


@strawberry.type
class BroadcastReason:
    """How many messages did not get through, or perhaps did not, for one reason."""

    status: MessageStatus
    reason: str | None
    error_code: int | None
    count: int


async def reasons_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    ids = [row.id for row in rows]
    found = await recipients.reasons(scope_of(info), ids)
    return [found[broadcast_id] for broadcast_id in ids]


@strawberry.type
class BroadcastRecipientEdge:
    cursor: str
    node: BroadcastRecipient


@strawberry.type
class BroadcastRecipientConnection:
    """A page of recipients, sorted by phone number."""

    edges: list[BroadcastRecipientEdge]
    nodes: list[BroadcastRecipient]
    page_info: PageInfo
    total_count: int = counted()


async def recipients_of(
    rows: Sequence[Any],
    info: Info,
    first: int | None = 50,
    after: str | None = None,
    status: MessageStatus | None = None,
    reason: str | None = None,
) -> Sequence[Page | Invalid]:
    scope, ids = scope_of(info), [row.id for row in rows]
    lists = [Cursors(scope, "Broadcast.recipients", broadcast_id, status, reason) for broadcast_id in ids]
    if reason is not None:
        with at("reason"):
            check_text(reason, _LONGEST_REASON)
    key, problems = read_for_each(lists, after, a_text)
    phone = None if key is None else key[0]
    found = await recipients.page_for_each(scope, ids, page_size(first) + 1, phone, status, reason)
    return [
        problem or _page(scope, broadcast_id, found[broadcast_id], first, after, status, reason, cursors)
        for broadcast_id, cursors, problem in zip(ids, lists, problems, strict=True)
    ]


def _page(
    scope: Scope,
    broadcast_id: int,
    rows: list[Record],
    first: int | None,
    after: str | None,
    status: MessageStatus | None,
    reason: str | None,
    cursors: Cursors,
) -> Page:
    async def count() -> int:
        return await recipients.count(scope, broadcast_id, status, reason)

    return page_of(rows, first, after, lambda row: cursors.write(row["phone"]), count)
