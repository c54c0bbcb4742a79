"""What contacts did, or had done to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.contacts import activities
from models.contacts.activities import NewActivity
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.context import Info
from schema.server.execution.rows import outside_id, read
from schema.server.guard import mutation, scope_of
from schema.server.ids import get_id
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import a_number, an_instant, from_cursor, to_cursor
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import JSON
from schema.server.user_errors import UserError

# ---------------------------------------------------------------- types


@strawberry.type(description="Something a contact did or had done to it: a message, a purchase, a visit.")
class Activity(Node):
    """A row of activities."""

    id: strawberry.ID = outside_id("Activity")
    kind: str = strawberry.field(
        description="A free key, a-z 0-9 _ and dots: purchase, product.visit, message.received."
    )
    occurred_at: datetime
    properties: JSON


@strawberry.type
class ActivityEdge:
    """An activity in its place."""

    cursor: str
    node: Activity


@strawberry.type
class ActivityConnection:
    """A contact's activities, newest first."""

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
    """A page of activities for each contact."""
    numbers = [read(contact, "id") for contact in contacts]
    place = None if after is None else _place(after)
    pages = await activities.pages(scope_of(info), numbers, page_size(first) + 1, kind=kind, after=place)
    return [page_of(pages[number], first, after, _cursor_of) for number in numbers]


def _cursor_of(activity: Any) -> str:
    return to_cursor(activity["occurred_at"], activity["id"])


def _place(cursor: str) -> activities.Key:
    occurred_at, number = from_cursor(cursor, an_instant, a_number)
    return occurred_at, number


@node("Activity", Permission.CONTACT_READ)
async def _activities(scope: Scope, numbers: Sequence[int]) -> Sequence[Any]:
    return await activities.by_ids(scope, numbers)


# ---------------------------------------------------------------- inputs and payloads


@strawberry.input
class ActivityInput:
    """An activity to record, of the contact with this id or external id."""

    contact_id: strawberry.ID | None = None
    external_id: str | None = None
    kind: str
    occurred_at: datetime | None = strawberry.field(default=None, description="Now, when absent.")
    properties: JSON | None = strawberry.field(default_factory=dict)
    idempotency_key: str | None = None


@strawberry.type
class ActivitiesPayload:
    """Of activitiesRecord."""

    recorded: int = 0
    duplicates: int = 0
    user_errors: list[UserError] = strawberry.field(default_factory=list)


# ---------------------------------------------------------------- mutations


@strawberry.type
class ActivityMutation:
    """Activities are recorded, and never changed."""

    @mutation(
        Permission.ACTIVITY_WRITE,
        ActivitiesPayload,
        description="Up to 1,000 at once. An `idempotencyKey` already seen is counted and left alone.",
    )
    async def activities_record(self, info: Info, input: list[ActivityInput]) -> ActivitiesPayload:
        scope = scope_of(info)
        recorded = await activities.record(scope, [_new(place, one) for place, one in enumerate(input)])
        return ActivitiesPayload(recorded=recorded.recorded, duplicates=recorded.duplicates)


def _new(place: int, given: ActivityInput) -> NewActivity:
    return NewActivity(
        kind=given.kind,
        contact_id=None if given.contact_id is None else get_id("Contact", given.contact_id, (place, "contactId")),
        external_id=given.external_id,
        occurred_at=given.occurred_at,
        properties=given.properties,
        idempotency_key=given.idempotency_key,
    )
