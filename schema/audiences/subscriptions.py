from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import strawberry

from models.destinations.audiences import audiences, progress
from permissions.capabilities import Permission
from schema.audiences.types import Audience
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import scope_of, subscription
from schema.server.ids import get_id
from schema.server.subscriptions.followed_rows import FollowedRows

AUDIENCES: Final = FollowedRows("audiences", progress.look, audiences.get)


@strawberry.type
class AudienceSubscription:
    @subscription(
        Permission.SEGMENT_READ,
        description="The audience with its figures as they change, at most ten times a second; an error when it is deleted.",
    )
    async def audience_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Audience, None]:
        async with aclosing(AUDIENCES.follow(scope_of(info), get_id("Audience", id, ("id",)))) as states:
            async for state in states:
                yield shown(Audience, state)
