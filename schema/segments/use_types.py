"""What uses segments, as the API shows it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models.errors import Forbidden, Invalid
from models.segments import lists, uses
from models.segments.uses import UseKind
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import global_id, ids_of, read
from schema.server.guard import scope_of
from schema.server.ids import to_global_id
from schema.server.types.connection import Page, PageInfo, counted, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, an_instant, read_for_each
from schema.server.types.nodes import Node, find_nodes, node

if TYPE_CHECKING:
    Segment = Any  # schema.segments.types imports this module

strawberry.enum(UseKind, name="SegmentUseKind")


USED_BY = {
    UseKind.SEGMENT: "Segment",
    UseKind.BROADCAST: "Broadcast",
    UseKind.EXPORT: "ExportJob",
    UseKind.IMPORT: "ImportJob",
    UseKind.WEBHOOK: "WebhookEndpoint",
    UseKind.WORKFLOW: "Workflow",
    UseKind.AUDIENCE: "Audience",
}
"""GraphQL types. Kinds without one are absent."""


async def _segments_of_uses(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    ids = {read(row, "segment_id") for row in rows}
    by_id = {row["id"]: row for row in await lists.by_ids(scope_of(info), list(ids), deleted_too=True)}
    return [by_id.get(read(row, "segment_id")) for row in rows]


async def _users_of_uses(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    """A Forbidden for each that the caller may not read."""
    ids = [to_global_id(USED_BY.get(UseKind(read(row, "kind")), "nothing"), read(row, "used_by_id")) for row in rows]
    users: dict[str, Any] = {}
    for kind in {read(row, "kind") for row in rows}:
        of_kind = [user_id for user_id, row in zip(ids, rows, strict=True) if read(row, "kind") == kind]
        try:
            users |= dict(zip(of_kind, await find_nodes(scope_of(info), of_kind), strict=True))
        except Forbidden as error:
            users |= dict.fromkeys(of_kind, error)
    return [users[user_id] for user_id in ids]


@strawberry.type(description="One place that a segment is used in.")
class SegmentUse(Node):
    id: strawberry.ID = global_id("SegmentUse")
    kind: UseKind
    segment: Annotated["Segment", strawberry.lazy("schema.segments.types")] = batched(_segments_of_uses)
    used_by: Node | None = batched(_users_of_uses, description="The thing that uses it, when it still exists.")
    label: str = strawberry.field(description="Its name at the time of use.")
    active: bool = strawberry.field(
        description="Whether it would break, or change what it does, if the segment were deleted now."
    )
    first_used_at: datetime
    last_used_at: datetime


@strawberry.type
class SegmentUseEdge:
    cursor: str
    node: SegmentUse


@strawberry.type
class SegmentUseConnection:
    """A page of uses, the last used first."""

    edges: list[SegmentUseEdge]
    nodes: list[SegmentUse]
    page_info: PageInfo
    total_count: int = counted()


async def uses_of(
    rows: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None
) -> Sequence[Page | Invalid]:
    scope, ids = scope_of(info), ids_of(rows)
    lists_of_uses = [Cursors(scope, "Segment.uses", segment_id) for segment_id in ids]
    key, problems = read_for_each(lists_of_uses, after, an_instant, a_number)
    position = None if key is None else (key[0], key[1])
    pages = await uses.page_for_each(scope, ids, page_size(first), position)
    counts = await uses.count_for_each(scope, ids) if "total_count" in selected(info) else {}

    async def count(segment_id: int) -> int:
        return counts[segment_id]

    return [
        problem or page_of(pages[segment], first, after, _writer(cursors), partial(count, segment))
        for segment, cursors, problem in zip(ids, lists_of_uses, problems, strict=True)
    ]


def _writer(cursors: Cursors) -> Callable[[Any], str]:
    return lambda use: cursors.write(use["last_used_at"], use["id"])


async def use_counts_of(rows: Sequence[Any], info: Info) -> Sequence[int]:
    counts = await uses.count_for_each(scope_of(info), ids_of(rows))
    return [counts[segment_id] for segment_id in ids_of(rows)]


@node("SegmentUse", Permission.SEGMENT_READ)
async def _uses(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await uses.by_ids(scope, ids)
