"""Activities as the API shows them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.contacts import activities
from models.errors import Invalid
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.context import Info
from schema.server.execution.rows import global_id, ids_of
from schema.server.guard import scope_of
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, an_instant, read_for_each
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
) -> Sequence[Page | Invalid]:
    scope, ids = scope_of(info), ids_of(contacts)
    lists = [Cursors(scope, "Contact.activities", contact_id, kind) for contact_id in ids]
    key, problems = read_for_each(lists, after, an_instant, a_number)
    position = None if key is None else (key[0], key[1])
    pages = await activities.pages(scope, ids, page_size(first) + 1, kind=kind, after=position)
    return [
        problem or page_of(pages[contact_id], first, after, _writer(cursors))
        for contact_id, cursors, problem in zip(ids, lists, problems, strict=True)
    ]


def _writer(cursors: Cursors) -> Callable[[Any], str]:
    return lambda activity: cursors.write(activity["occurred_at"], activity["id"])


@node("Activity", Permission.CONTACT_READ)
async def _activities(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await activities.by_ids(scope, ids)
