"""Activities as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.contacts import activities
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.context import Info
from schema.server.execution.rows import global_id, ids_of
from schema.server.guard import scope_of
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import a_number, an_instant, from_cursor, to_cursor
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import JSON


@strawberry.type(description="Something a contact did or had done to it: a message, a purchase, a visit.")
class Activity(Node):
    id: strawberry.ID = global_id("Activity")
    kind: str = strawberry.field(
        description="A free key, a-z 0-9 _ and dots: purchase, product.visit, message.received."
    )
    occurred_at: datetime
    properties: JSON


@strawberry.type
class ActivityEdge:
    cursor: str
    node: Activity


@strawberry.type
class ActivityConnection:
    """A page of a contact's activities, newest first."""

    edges: list[ActivityEdge]
    nodes: list[Activity]
    page_info: PageInfo


async def activities_of(
    contacts: Sequence[Any],
    info: Info,
    first: int | None = 50,
    after: str | None = None,
    kind: str | None = None,
) -> Sequence[Page]:
    ids, position = ids_of(contacts), None if after is None else _position(after)
    pages = await activities.pages(scope_of(info), ids, page_size(first) + 1, kind=kind, after=position)
    return [page_of(pages[contact_id], first, after, _cursor_of) for contact_id in ids]


def _cursor_of(activity: Any) -> str:
    return to_cursor(activity["occurred_at"], activity["id"])


def _position(cursor: str) -> activities.Key:
    occurred_at, activity_id = from_cursor(cursor, an_instant, a_number)
    return occurred_at, activity_id


@node("Activity", Permission.CONTACT_READ)
async def _activities(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await activities.by_ids(scope, ids)
