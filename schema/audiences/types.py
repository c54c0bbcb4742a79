"""Audiences and the ad account as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry

from models import clock
from models.contacts.find import contacts_by_ids
from models.destinations.audiences import audiences, connections
from models.destinations.audiences.audiences import AudienceMode, AudienceStatus
from models.destinations.audiences.keys import AudienceKey
from models.errors import Invalid
from models.segments import lists
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.contacts.types import Contact
from schema.segments.types import Segment
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, ids_of, read
from schema.server.guard import admit, scope_of
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each
from schema.server.types.nodes import Node, node


class MetaConnectionStatus(StrEnum):
    CHECKING = "CHECKING"
    CONNECTED = "CONNECTED"
    REFUSED = "REFUSED"


strawberry.enum(MetaConnectionStatus, description="Whether the ad account can be used.")
strawberry.enum(AudienceMode, description="What happens to who is no member any more.")
strawberry.enum(AudienceStatus, description="Whether the audience at Meta is as the segment.")
strawberry.enum(
    AudienceKey,
    description="How a person is recognised there. Each is normalised and hashed as Meta asks; EXTERN_ID is the contact's id.",
)


@strawberry.type(description="The ad account of the workspace at Meta.")
class MetaConnection(Node):
    id: strawberry.ID = global_id("MetaConnection")
    ad_account_id: str
    name: str | None
    status: MetaConnectionStatus
    reason: str | None
    checked_at: datetime | None


@node("MetaConnection", Permission.SEGMENT_READ)
async def _connections(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await connections.by_ids(scope, ids)


@strawberry.type(description="members = present + pending + unmatchable + excluded + refused.")
class AudienceCounts:
    members: int = derived(
        lambda row: row.present + row.pending + row.unmatchable + row.excluded + row.refused,
        description="Members of the segment, as far as the audience has followed it.",
    )
    present: int
    pending: int
    unmatchable: int = strawberry.field(description="With none of the keys.")
    excluded: int = strawberry.field(description="Opted out.")
    refused: int = strawberry.field(description="Meta called the row invalid.")
    leaving: int = strawberry.field(description="Members no more, and not yet taken out.")
    kept: int = strawberry.field(description="Members no more, who stay in an audience that only adds.")


async def _segments(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    ids = {row.segment_id for row in rows}
    by_id = {row["id"]: row for row in await lists.by_ids(scope_of(info), list(ids), deleted_too=True)}
    return [by_id[row.segment_id] for row in rows]


@strawberry.type
class AudienceContactEdge:
    cursor: str
    node: Contact


@strawberry.type
class AudienceContactConnection:
    """A page of contacts of an audience, the oldest first."""

    edges: list[AudienceContactEdge]
    nodes: list[Contact]
    page_info: PageInfo


async def _refused(
    rows: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None
) -> Sequence[Page | Invalid]:
    admit(info.context, Permission.CONTACT_READ)
    scope, ids = scope_of(info), ids_of(rows)
    cursors = [Cursors(scope, "Audience.refusedContacts", audience_id) for audience_id in ids]
    key, problems = read_for_each(cursors, after, a_number)
    position = None if key is None else key[0]
    return [
        problem or await _refused_page(scope, audience_id, first, after, position, own)
        for audience_id, own, problem in zip(ids, cursors, problems, strict=True)
    ]


async def _refused_page(
    scope: Scope, audience_id: int, first: int | None, after: str | None, position: int | None, cursors: Cursors
) -> Page:
    found = await audiences.refused(scope, audience_id, page_size(first) + 1, position)
    by_id = {row["id"]: row for row in await contacts_by_ids(scope, found)}
    contacts = [by_id[contact_id] for contact_id in found if contact_id in by_id]
    return page_of(contacts, first, after, lambda row: cursors.write(row["id"]))


@strawberry.type(
    description="A segment kept as a custom audience of an ad account: a ledger of who is there, and the difference sent."
)
class Audience(Node):
    id: strawberry.ID = global_id("Audience")
    name: str
    segment: Segment = batched(_segments)
    mode: AudienceMode
    keys: list[AudienceKey]
    status: AudienceStatus
    reason: str | None
    external_id: str | None = strawberry.field(description="The id of the audience at Meta; null until it is made.")
    counts: AudienceCounts = derived(lambda row: row)
    refused_contacts: AudienceContactConnection = batched(
        _refused, description="Contacts whose rows Meta called invalid."
    )
    last_synced_at: datetime | None
    lag_seconds: float = derived(lambda row: audiences.lag_seconds(row, clock.now()))
    delivery_status: str | None = strawberry.field(description="What Meta says: its own, approximate, and hours late.")
    approximate_lower: int | None
    approximate_upper: int | None
    created_at: datetime


@strawberry.type
class AudienceEdge:
    cursor: str
    node: Audience


@strawberry.type
class AudienceConnection:
    """A page of audiences, the newest first."""

    edges: list[AudienceEdge]
    nodes: list[Audience]
    page_info: PageInfo


@node("Audience", Permission.SEGMENT_READ)
async def _audiences(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await audiences.by_ids(scope, ids)


async def audiences_of_jobs(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    """The audience of each job; None for a deleted one."""
    ids = [read(row, "input")["audience"] for row in rows]
    by_id = {row.id: row for row in await audiences.by_ids(scope_of(info), ids)}
    return [by_id.get(audience_id) for audience_id in ids]
