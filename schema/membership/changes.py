"""Who entered and left: the log page by page, live, and of one contact."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models.changelog import hints, members
from models.changelog.cursor import from_cursor as from_change_cursor
from models.changelog.cursor import to_cursor as to_change_cursor
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from models.contacts.find import contacts_by_ids
from models.errors import NotFound
from models.membership.origins import ChangeKind, Origin
from models.segments import lists
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.membership.change_feed import follow
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, outside_id, read, shown
from schema.server.guard import admit, query, scope_of, subscription
from schema.server.ids import find_id, get_id
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import a_number, from_cursor, to_cursor
from schema.server.types.scalars import ChangeCursor

strawberry.enum(ChangeKind, name="MembershipChangeKind")
strawberry.enum(Origin, name="MembershipOrigin")


# ---------------------------------------------------------------- types


async def _segments_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    numbers = {read(row, "segment_id") for row in rows}
    found = {row["id"]: row for row in await lists.by_ids(scope_of(info), list(numbers))}
    return [found.get(read(row, "segment_id")) for row in rows]


async def _contacts_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    admit(info.context, Permission.CONTACT_READ)
    numbers = {read(row, "contact_id") for row in rows}
    found = {row["id"]: row for row in await contacts_by_ids(scope_of(info), list(numbers))}
    return [found.get(read(row, "contact_id")) for row in rows]


def _cursor(row: Any) -> str:
    return to_change_cursor(MEMBERS, read(row, "workspace_id"), read(row, "position"))


@strawberry.type
class MembershipChange:
    """Somebody entered or left a segment."""

    cursor: ChangeCursor = derived(_cursor, description="Resume after this one.")
    kind: ChangeKind
    origin: Origin
    at: datetime
    segment_id: strawberry.ID = outside_id("Segment", "segment_id", recurring=True)
    contact_id: strawberry.ID = outside_id("Contact", "contact_id")
    segment: Annotated["Segment", strawberry.lazy("schema.segments.segments")] | None = batched(_segments_of)  # type: ignore[name-defined] # noqa: F821
    contact: Annotated["Contact", strawberry.lazy("schema.contacts.contacts")] | None = batched(_contacts_of)  # type: ignore[name-defined] # noqa: F821


@strawberry.type
class MembershipChangePage:
    """A stretch of the log."""

    changes: list[MembershipChange]
    cursor: ChangeCursor = strawberry.field(description="Pass as `after` next time; set even when the page is empty.")
    has_more: bool


@strawberry.type
class MembershipHistoryEdge:
    """A change in its place."""

    cursor: str
    node: MembershipChange


@strawberry.type
class MembershipHistoryConnection:
    """A page of a contact's entries and exits, the newest first."""

    edges: list[MembershipHistoryEdge]
    nodes: list[MembershipChange]
    page_info: PageInfo


async def membership_history(
    rows: Sequence[Any],
    info: Info,
    first: int | None = 50,
    after: str | None = None,
    segment_id: strawberry.ID | None = None,
) -> Sequence[Page]:
    """A page of entries and exits for each contact: the loader of Contact.membershipHistory."""
    admit(info.context, Permission.SEGMENT_READ)
    segment = None if segment_id is None else get_id("Segment", segment_id, ("segmentId",))
    numbers = [read(row, "id") for row in rows]
    found = await members.history(scope_of(info), numbers, page_size(first), before=_place(after), segment_id=segment)
    return [page_of(found[number], first, after, _history_cursor) for number in numbers]


def _history_cursor(change: members.MembershipChange) -> str:
    return to_cursor(change.position)


def _place(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    (place,) = from_cursor(cursor, a_number)
    return int(place)


# ---------------------------------------------------------------- the log, page by page and live


async def _asked_for(scope: Scope, segment_ids: Sequence[str] | None) -> list[int] | None:
    """The numbers of the segments asked for, deleted ones too. Raises NotFound for what is none of this workspace's."""
    if segment_ids is None:
        return None
    numbers = [find_id("Segment", segment_id) for segment_id in segment_ids]
    wanted = [number for number in numbers if number is not None]
    known = {row["id"] for row in await lists.by_ids(scope, wanted, deleted_too=True)}
    for place, number in enumerate(numbers):
        if number not in known:
            raise NotFound(f"there is no segment with the id {segment_ids[place][:100]!r}", ("segmentIds", place))
    return wanted


def _after(scope: Scope, after: ChangeCursor | None) -> int | None:
    return None if after is None else from_change_cursor(scope, MEMBERS, after)


@strawberry.type
class ChangeQuery:
    """The log, as far as it is kept."""

    @query(
        Permission.SEGMENT_READ,
        description="The durable log, page by page, for a partner that polls or catches up.",
    )
    async def membership_changes(
        self,
        info: Info,
        after: ChangeCursor | None = None,
        segment_ids: list[strawberry.ID] | None = None,
        first: int | None = 100,
    ) -> MembershipChangePage:
        scope = scope_of(info)
        size = page_size(first, default=100)
        wanted = await _asked_for(scope, segment_ids)
        page = await read_page(scope, MEMBERS, _after(scope, after), size, wanted)
        return shown(
            MembershipChangePage,
            {
                "changes": page.entries,
                "cursor": to_change_cursor(MEMBERS, scope.workspace_id, page.position),
                "has_more": page.more,
            },
        )


@strawberry.type
class ChangeSubscription:
    """The log, as it grows."""

    @subscription(
        Permission.SEGMENT_READ,
        description="Every change to the membership of the given segments (all of them when absent), in order, each at"
        " least once.\nWith `after`, first everything that was missed since, then the live ones, with no gap between.",
    )
    async def membership_changes(
        self, info: Info, segment_ids: list[strawberry.ID] | None = None, after: ChangeCursor | None = None
    ) -> AsyncGenerator[MembershipChange, None]:
        scope = scope_of(info)
        wanted = await _asked_for(scope, segment_ids)
        async with aclosing(follow(scope, hints.current(), _after(scope, after), wanted)) as batches:
            async for batch in batches:
                yield shown(MembershipChange, batch)
