"""Recipients as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.broadcasts import recipients
from models.contacts.find import contacts_by_ids
from models.db import Record
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
from schema.server.types.cursors import a_text, from_cursor, to_cursor
from schema.server.types.nodes import Node, node


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
) -> Sequence[Page]:
    scope = scope_of(info)
    position = None if after is None else _phone(after)
    found = await recipients.page_for_each(scope, [row.id for row in rows], page_size(first) + 1, position, status)
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
