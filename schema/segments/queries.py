from datetime import datetime
from typing import Any

import strawberry

from models.segments import lists, segments
from models.segments.lists import SegmentFilter
from permissions.capabilities import Permission
from schema.segments.enums import SegmentKind, SegmentOrder, SegmentStatus
from schema.segments.types import Segment, SegmentConnection
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import query, scope_of
from schema.server.ids import find_id
from schema.server.types.connection import page_of, page_size
from schema.server.types.cursors import Cursors, a_number, a_text, an_instant, nothing_or


@strawberry.type
class SegmentQuery:
    @query(Permission.SEGMENT_READ)
    async def segment(self, info: Info, id: strawberry.ID) -> Segment | None:
        segment_id = find_id("Segment", id)
        return None if segment_id is None else shown(Segment, await segments.find(scope_of(info), segment_id))

    @query(
        Permission.SEGMENT_READ,
        description="`unusedSince`: only segments that nothing has used since then. `deleted`: the deleted ones that can"
        " still be restored.",
    )
    async def segments(
        self,
        info: Info,
        first: int | None = 50,
        after: str | None = None,
        search: str | None = None,
        kind: SegmentKind | None = None,
        unused_since: datetime | None = None,
        deleted: bool | None = False,
        order_by: SegmentOrder = SegmentOrder.NAME_ASC,
        status: SegmentStatus | None = None,
    ) -> SegmentConnection:
        scope, criteria = scope_of(info), SegmentFilter(search, kind, unused_since, bool(deleted), status)
        cursors = Cursors(scope, "segments", order_by.value, criteria)
        position = _position(cursors, after, order_by)
        rows = await lists.page(scope, criteria, order_by, page_size(first), position)
        page = page_of(
            rows,
            first,
            after,
            lambda row: cursors.write(row["sort_key"], row["id"]),
            lambda: lists.count(scope, criteria),
        )
        return shown(SegmentConnection, page)


def _position(cursors: Cursors, after: str | None, order: SegmentOrder) -> tuple[Any, int] | None:
    key = cursors.read(after, _SORT_KEYS[lists.SORT_KEYS[order].sql_type], a_number)
    return None if key is None else (key[0], key[1])


_SORT_KEYS = {"text": a_text, "bigint": a_number, "timestamptz": nothing_or(an_instant)}
