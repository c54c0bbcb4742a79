"""The overrides of segments as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.db import Record
from models.errors import Invalid
from models.segments import overrides
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.contacts.types import Contact
from schema.membership.enums import Override
from schema.server.context import Info
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import ids_of
from schema.server.guard import admit, scope_of
from schema.server.types.connection import Page, PageInfo, counted, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each


@strawberry.type
class SegmentOverrideEdge:
    cursor: str
    node: Contact
    override: Override = strawberry.field(description="Whether the contact is held in the segment or out of it.")
    overridden_at: datetime = strawberry.field(description="Since when.")


@strawberry.type
class SegmentOverrideConnection:
    """A page of contacts with an override, the newest contact first."""

    edges: list[SegmentOverrideEdge]
    nodes: list[Contact]
    page_info: PageInfo
    total_count: int = counted()


async def overrides_of(
    rows: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None
) -> Sequence[Page | Invalid]:
    """Loads Segment.overrides for many segments."""
    admit(info.context, Permission.CONTACT_READ)
    scope, ids = scope_of(info), ids_of(rows)
    names = selected(info, "nodes") | selected(info, "edges", "node")
    lists = [Cursors(scope, "Segment.overrides", segment_id) for segment_id in ids]
    key, problems = read_for_each(lists, after, a_number)
    last = None if key is None else key[0]
    pages = await overrides.page_for_each(scope, ids, page_size(first) + 1, last, names)
    return [
        problem or _page(scope, segment_id, pages[segment_id], first, after, cursors)
        for segment_id, cursors, problem in zip(ids, lists, problems, strict=True)
    ]


def _page(
    scope: Scope, segment_id: int, found: Sequence[Record], first: int | None, after: str | None, cursors: Cursors
) -> Page:
    async def count() -> int:
        return await overrides.count(scope, segment_id)

    return page_of(found, first, after, lambda row: cursors.write(row["id"]), count)
