"""Entries into segments and exits as the API shows them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models.changelog import members
from models.changelog.cursor import to_cursor as to_change_cursor
from models.changelog.members import MEMBERS
from models.contacts.find import contacts_by_ids
from models.errors import Invalid
from models.segments import lists
from permissions.capabilities import Permission
from schema.membership.enums import ChangeKind, Origin
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, ids_of, read
from schema.server.guard import admit, scope_of
from schema.server.ids import get_id
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each
from schema.server.types.scalars import ChangeCursor


async def _segments_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    ids = {read(row, "segment_id") for row in rows}
    by_id = {row["id"]: row for row in await lists.by_ids(scope_of(info), list(ids))}
    return [by_id.get(read(row, "segment_id")) for row in rows]


async def _contacts_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    admit(info.context, Permission.CONTACT_READ)
    ids = {read(row, "contact_id") for row in rows}
    by_id = {row["id"]: row for row in await contacts_by_ids(scope_of(info), list(ids))}
    return [by_id.get(read(row, "contact_id")) for row in rows]


def _cursor(row: Any) -> str:
    return to_change_cursor(MEMBERS, read(row, "workspace_id"), read(row, "position"))


@strawberry.type
class MembershipChange:
    cursor: ChangeCursor = derived(_cursor, description="Resume after this one.")
    kind: ChangeKind
    origin: Origin
    at: datetime
    segment_id: strawberry.ID = global_id("Segment", "segment_id", recurring=True)
    contact_id: strawberry.ID = global_id("Contact", "contact_id")
    segment: Annotated["Segment", strawberry.lazy("schema.segments.types")] | None = batched(_segments_of)  # type: ignore[name-defined] # noqa: F821
    contact: Annotated["Contact", strawberry.lazy("schema.contacts.types")] | None = batched(_contacts_of)  # type: ignore[name-defined] # noqa: F821


@strawberry.type
class MembershipChangePage:
    changes: list[MembershipChange]
    cursor: ChangeCursor = strawberry.field(description="Pass as `after` next time; set even when the page is empty.")
    has_more: bool


@strawberry.type
class MembershipHistoryEdge:
    cursor: str
    node: MembershipChange


@strawberry.type
class MembershipHistoryConnection:
    """A page of a contact's entries and exits, newest first."""

    edges: list[MembershipHistoryEdge]
    nodes: list[MembershipChange]
    page_info: PageInfo


async def membership_history(
    rows: Sequence[Any],
    info: Info,
    first: int | None = 50,
    after: str | None = None,
    segment_id: strawberry.ID | None = None,
) -> Sequence[Page | Invalid]:
    """Loads Contact.membershipHistory for many contacts."""
    admit(info.context, Permission.SEGMENT_READ)
    segment = None if segment_id is None else get_id("Segment", segment_id, ("segmentId",))
    scope, ids = scope_of(info), ids_of(rows)
    lists = [Cursors(scope, "Contact.membershipHistory", contact_id, segment) for contact_id in ids]
    key, problems = read_for_each(lists, after, a_number)
    position = None if key is None else key[0]
    changes = await members.history(scope, ids, page_size(first), before=position, segment_id=segment)
    return [
        problem or page_of(changes[contact_id], first, after, _history_cursor(cursors))
        for contact_id, cursors, problem in zip(ids, lists, problems, strict=True)
    ]


def _history_cursor(cursors: Cursors) -> Callable[[members.MembershipChange], str]:
    return lambda change: cursors.write(change.position)
