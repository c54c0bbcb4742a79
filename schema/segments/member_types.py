"""The members of segments as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.db import Record
from models.errors import Invalid
from models.segments import members as segment_contacts
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.contacts.types import Contact
from schema.membership.enums import Origin
from schema.server.context import Info
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import ids_of, read
from schema.server.guard import admit, scope_of
from schema.server.types.connection import Page, PageInfo, counted, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each


@strawberry.type
class SegmentMemberEdge:
    cursor: str
    node: Contact
    joined_at: datetime
    origin: Origin


@strawberry.type
class SegmentMemberConnection:
    """A page of members, the newest contact first."""

    edges: list[SegmentMemberEdge]
    nodes: list[Contact]
    page_info: PageInfo
    total_count: int = counted()


async def members_of(
    rows: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None, search: str | None = None
) -> Sequence[Page | Invalid]:
    admit(info.context, Permission.CONTACT_READ)
    scope, search = scope_of(info), (search or "").strip() or None
    columns = selected(info, "nodes") | selected(info, "edges", "node")
    ids = ids_of(rows)
    lists = [Cursors(scope, "Segment.members", segment_id, search) for segment_id in ids]
    key, problems = read_for_each(lists, after, a_number)
    position = None if key is None else key[0]
    pages = await segment_contacts.page_for_each(scope, ids, page_size(first), position, search, sorted(columns))
    return [
        problem or _member_page(scope, row, pages[read(row, "id")], first, after, search, cursors)
        for row, cursors, problem in zip(rows, lists, problems, strict=True)
    ]


def _member_page(
    scope: Scope,
    segment: Any,
    members: list[Record],
    first: int | None,
    after: str | None,
    search: str | None,
    cursors: Cursors,
) -> Page:
    async def count() -> int:
        if search is None:
            return int(read(segment, "member_count"))
        return await segment_contacts.count_found(scope, read(segment, "id"), search)

    return page_of(members, first, after, lambda row: cursors.write(row["id"]), count)
