"""Segments: what they are, who is in them, what uses them, how they went."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models import clock
from models.db import Record, load_json
from models.errors import Forbidden
from models.membership import dirty_contacts
from models.membership.origins import Origin
from models.segments import analytics, lists, segments, uses
from models.segments import members as segment_contacts
from models.segments.analytics import AnalyticsInterval
from models.segments.lists import SegmentFilter, SegmentOrder
from models.segments.segments import SegmentKind, SegmentStatus
from models.segments.uses import UseKind
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.contacts.contacts import Contact
from schema.rules.rule_input import rule_to_output
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import derived, outside_id, read, shown
from schema.server.guard import admit, query, scope_of
from schema.server.ids import find_id, to_global_id
from schema.server.types.connection import Page, PageInfo, counted, page_of, page_size
from schema.server.types.cursors import a_number, a_text, an_instant, exactly, from_cursor, nothing_or, to_cursor
from schema.server.types.nodes import Node, find_nodes, node
from schema.server.types.scalars import JSON

strawberry.enum(SegmentKind)
strawberry.enum(
    SegmentStatus,
    description="BUILDING: being computed for the first time or after a new rule; the members are those of the last"
    " finished rule.",
)
strawberry.enum(SegmentOrder)
strawberry.enum(UseKind, name="SegmentUseKind")
strawberry.enum(AnalyticsInterval)


def _numbers(rows: Sequence[Any]) -> list[int]:
    return [read(row, "id") for row in rows]


# ---------------------------------------------------------------- members


@strawberry.type
class SegmentMemberEdge:
    """A contact in its place among the members."""

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
) -> Sequence[Page]:
    """A page of members for each segment."""
    admit(info.context, Permission.CONTACT_READ)
    scope, search = scope_of(info), (search or "").strip() or None
    columns = selected(info, "nodes") | selected(info, "edges", "node")
    place = None if after is None else _member_place(after)
    pages = await segment_contacts.page_for_each(
        scope, _numbers(rows), page_size(first), place, search, sorted(columns)
    )
    return [_member_page(scope, row, pages[read(row, "id")], first, after, search) for row in rows]


def _member_page(
    scope: Scope, segment: Any, members: list[Record], first: int | None, after: str | None, search: str | None
) -> Page:
    async def count() -> int:
        if search is None:
            return int(read(segment, "member_count"))
        return await segment_contacts.count_found(scope, read(segment, "id"), search)

    return page_of(members, first, after, lambda row: to_cursor(row["id"]), count)


def _member_place(cursor: str) -> int:
    (number,) = from_cursor(cursor, a_number)
    return int(number)


# ---------------------------------------------------------------- uses

USED_BY = {
    UseKind.SEGMENT: "Segment",
    UseKind.BROADCAST: "Broadcast",
    UseKind.EXPORT: "ExportJob",
    UseKind.IMPORT: "ImportJob",
}
"""What the user of a segment is in the schema, for the kinds that have a type."""


async def _segments_of_uses(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    numbers = {read(row, "segment_id") for row in rows}
    found = await lists.by_ids(scope_of(info), list(numbers), deleted_too=True)
    by_number = {row["id"]: row for row in found}
    return [by_number.get(read(row, "segment_id")) for row in rows]


async def _users_of_uses(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    """What uses the segments; a Forbidden in place of what the caller may not see."""
    ids = [to_global_id(USED_BY.get(UseKind(read(row, "kind")), "nothing"), read(row, "used_by_id")) for row in rows]
    users: dict[str, Any] = {}
    for kind in {read(row, "kind") for row in rows}:
        of_kind = [one for one, row in zip(ids, rows, strict=True) if read(row, "kind") == kind]
        try:
            users |= dict(zip(of_kind, await find_nodes(scope_of(info), of_kind), strict=True))
        except Forbidden as error:
            users |= dict.fromkeys(of_kind, error)
    return [users[one] for one in ids]


@strawberry.type(description="One place that a segment is used in.")
class SegmentUse(Node):
    """A row of segment_uses."""

    id: strawberry.ID = outside_id("SegmentUse")
    kind: UseKind
    segment: "Segment" = batched(_segments_of_uses)
    used_by: Node | None = batched(_users_of_uses, description="The thing that uses it, when it still exists.")
    label: str = strawberry.field(description="Its name at the time of use.")
    active: bool = strawberry.field(
        description="Whether it would break, or change what it does, if the segment were deleted now."
    )
    first_used_at: datetime
    last_used_at: datetime


@strawberry.type
class SegmentUseEdge:
    """A use in its place."""

    cursor: str
    node: SegmentUse


@strawberry.type
class SegmentUseConnection:
    """A page of uses, the last used first."""

    edges: list[SegmentUseEdge]
    nodes: list[SegmentUse]
    page_info: PageInfo
    total_count: int = counted()


async def uses_of(rows: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None) -> Sequence[Page]:
    """A page of uses for each segment."""
    scope, numbers = scope_of(info), _numbers(rows)
    place = None if after is None else _use_place(after)
    pages = await uses.page_for_each(scope, numbers, page_size(first), place)
    counts = await uses.count_for_each(scope, numbers) if "total_count" in selected(info) else {}

    def page(number: int) -> Page:
        async def count() -> int:
            return counts[number]

        return page_of(pages[number], first, after, lambda row: to_cursor(row["last_used_at"], row["id"]), count)

    return [page(number) for number in numbers]


def _use_place(cursor: str) -> tuple[datetime, int]:
    at, number = from_cursor(cursor, an_instant, a_number)
    return at, number


async def use_counts_of(rows: Sequence[Any], info: Info) -> Sequence[int]:
    """How many uses each segment has had."""
    counts = await uses.count_for_each(scope_of(info), _numbers(rows))
    return [counts[number] for number in _numbers(rows)]


@node("SegmentUse", Permission.SEGMENT_READ)
async def _uses(scope: Scope, numbers: Sequence[int]) -> Sequence[Any]:
    return await uses.by_ids(scope, numbers)


# ---------------------------------------------------------------- how it went


@strawberry.type
class SegmentPoint:
    """An interval, which begins `at`."""

    at: datetime
    members: int = strawberry.field(description="Members at the end of the interval.")
    entered: int
    left: int


@strawberry.type
class SegmentAnalytics:
    """Intervals in the workspace's zone, and the entries and exits of all of them."""

    points: list[SegmentPoint]
    entered: int
    left: int


async def analytics_of(
    rows: Sequence[Any],
    info: Info,
    from_: Annotated[datetime, strawberry.argument(name="from")],
    to: datetime,
    interval: AnalyticsInterval = AnalyticsInterval.DAY,
) -> Sequence[Any]:
    """The analytics of each segment."""
    numbers = _numbers(rows)
    found = await analytics.for_each(scope_of(info), numbers, from_, to, interval)
    return [found[number] for number in numbers]


# ---------------------------------------------------------------- the segment


def _rule(segment: Any) -> Any:
    stored = read(segment, "rule")
    return rule_to_output(load_json(stored) if isinstance(stored, str) else stored)


async def rule_texts_of(rows: Sequence[Any], info: Info) -> Sequence[str | None]:
    """Each rule in plain words."""
    stored = [read(row, "rule") for row in rows]
    rules = [load_json(rule) if isinstance(rule, str) else rule for rule in stored]
    return await lists.rules_in_words(scope_of(info), rules)


async def moments_of(rows: Sequence[Any], info: Info) -> Sequence[datetime | None]:
    """As of when each one's members are right; None before the first rule was computed."""
    if all(read(row, "kind") == SegmentKind.STATIC for row in rows):
        return [clock.now()] * len(rows)
    now, right_at = clock.now(), await dirty_contacts.as_of(scope_of(info))
    by_rule = [right_at if read(row, "active_version") > 0 else None for row in rows]
    return [now if read(row, "kind") == SegmentKind.STATIC else at for row, at in zip(rows, by_rule, strict=True)]


@strawberry.type
class Segment(Node):
    """A row of segments."""

    id: strawberry.ID = outside_id("Segment", recurring=True)
    name: str
    description: str | None
    kind: SegmentKind
    status: SegmentStatus
    rule: JSON | None = derived(_rule, description="The rule in the shape of RuleInput; null for STATIC.")
    rule_text: str | None = batched(rule_texts_of, description="The rule in plain words; null for STATIC.")
    member_count: int
    version: int = strawberry.field(
        description="Grows by one with each change to the segment's own settings: send it back to detect a lost update."
    )
    created_at: datetime
    updated_at: datetime
    computed_at: datetime | None = batched(
        moments_of,
        description="The members are right as of this instant: every change to contacts and activities committed before"
        " it is taken in.",
    )
    deleted_at: datetime | None
    members: SegmentMemberConnection = batched(members_of)
    uses: SegmentUseConnection = batched(uses_of)
    use_count: int = batched(use_counts_of)
    last_used_at: datetime | None
    analytics: SegmentAnalytics = batched(analytics_of, cost=10)


@strawberry.type
class SegmentEdge:
    """A segment in its place in the list."""

    cursor: str
    node: Segment


@strawberry.type
class SegmentConnection:
    """A page of segments."""

    edges: list[SegmentEdge]
    nodes: list[Segment]
    page_info: PageInfo
    total_count: int = counted()


@node("Segment", Permission.SEGMENT_READ)
async def _segments(scope: Scope, numbers: Sequence[int]) -> Sequence[Any]:
    return await lists.by_ids(scope, numbers)


# ---------------------------------------------------------------- queries


@strawberry.type
class SegmentQuery:
    """Segments, found and listed."""

    @query(Permission.SEGMENT_READ)
    async def segment(self, info: Info, id: strawberry.ID) -> Segment | None:
        number = find_id("Segment", id)
        return None if number is None else shown(Segment, await segments.find(scope_of(info), number))

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
    ) -> SegmentConnection:
        scope, wanted = scope_of(info), SegmentFilter(search, kind, unused_since, bool(deleted))
        place = None if after is None else _place(after, order_by)
        rows = await lists.page(scope, wanted, order_by, page_size(first), place)
        page = page_of(
            rows,
            first,
            after,
            lambda row: to_cursor(order_by.value, row["sort_key"], row["id"]),
            lambda: lists.count(scope, wanted),
        )
        return shown(SegmentConnection, page)


def _place(cursor: str, order: SegmentOrder) -> tuple[Any, int]:
    sort_key = _SORT_KEYS[lists.SORT_KEYS[order].sql_type]
    _, key, number = from_cursor(cursor, exactly(order.value), sort_key, a_number)
    return key, number


_SORT_KEYS = {"text": a_text, "bigint": a_number, "timestamptz": nothing_or(an_instant)}
