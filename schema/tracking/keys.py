"""Tracking keys, and what they could not record."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import strawberry

from models import clock
from models.tracking import keys, rejections
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import all_shown, global_id, ids_of, shown
from schema.server.guard import mutation, query, scope_of
from schema.server.ids import get_id
from schema.server.types.nodes import Node, node
from schema.server.user_errors import UserError


@strawberry.type(description="What a tracking key could not record, by reason.")
class TrackingRejection:
    code: str = strawberry.field(description="The reason, such as NOBODY or BAD_PROPERTIES.")
    message: str = strawberry.field(description="What is wrong with the latest one, and what would be right.")
    event: str = strawberry.field(description="The call and the event's name, of the latest one.")
    count: int = strawberry.field(description="How many.")
    last_at: datetime = strawberry.field(description="When the latest one came.")


async def _rejections_of(
    rows: Sequence[Any],
    info: Info,
    hours: Annotated[int, strawberry.argument(description="How many hours to look back, at most 720.")] = 24,
) -> Sequence[Any]:
    """At most the time for which they are kept."""
    since = clock.now() - min(max(timedelta(hours=hours), timedelta(hours=1)), rejections.KEPT)
    found = await rejections.of_keys(scope_of(info), ids_of(rows), since)
    return [found[key_id] for key_id in ids_of(rows)]


@strawberry.type(
    description="For the tracking endpoint (/v1/identify, track, page, group, alias, batch), which speaks the protocol of"
    " Segment's libraries."
)
class TrackingKey(Node):
    id: strawberry.ID = global_id("TrackingKey")
    name: str = strawberry.field(description="What people call it.")
    key: str = strawberry.field(description="What pages and apps send; it is no secret.")
    origins: list[str] = strawberry.field(description="Origins of the pages that may use it; none: all.")
    created_at: datetime
    last_used_at: datetime | None = strawberry.field(description="To the minute.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked.")
    rejections: list[TrackingRejection] = batched(
        _rejections_of, description="What could not be recorded in the last hours, by reason, the latest first."
    )


@strawberry.input
class TrackingKeyCreateInput:
    name: str = strawberry.field(description="What people call it.")
    origins: list[str] | None = strawberry.field(
        default=None, description="Origins of the pages that may use it, such as https://shop.example; none: all."
    )


@strawberry.type
class TrackingKeyPayload:
    tracking_key: TrackingKey | None = strawberry.field(default=None, description="The key as it is now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class TrackingQuery:
    @query(Permission.TOKEN_MANAGE, description="All tracking keys, also revoked ones, the newest first.")
    async def tracking_keys(self, info: Info) -> list[TrackingKey]:
        return all_shown(TrackingKey, await keys.every(scope_of(info)))


@strawberry.type
class TrackingMutation:
    @mutation(
        Permission.TOKEN_MANAGE,
        TrackingKeyPayload,
        description="A key that a web page or an app may hold: it can only record, for this workspace, from these origins.",
    )
    async def tracking_key_create(self, info: Info, input: TrackingKeyCreateInput) -> TrackingKeyPayload:
        row = await keys.create(scope_of(info), input.name, input.origins or ())
        return TrackingKeyPayload(tracking_key=shown(TrackingKey, row))

    @mutation(
        Permission.TOKEN_MANAGE, TrackingKeyPayload, description="Ends a key; it may be used for five seconds more."
    )
    async def tracking_key_revoke(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The key.")]
    ) -> TrackingKeyPayload:
        row = await keys.revoke(scope_of(info), get_id("TrackingKey", id, ("id",)))
        return TrackingKeyPayload(tracking_key=shown(TrackingKey, row))


@node("TrackingKey", Permission.TOKEN_MANAGE)
async def _tracking_keys(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await keys.by_ids(scope, ids)
