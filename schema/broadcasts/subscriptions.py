from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import strawberry

from models.broadcasts import drafts, progress
from models.broadcasts.states import FINISHED
from permissions.capabilities import Permission
from schema.broadcasts.types import Broadcast
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import scope_of, subscription
from schema.server.ids import get_id
from schema.server.subscriptions.followed_rows import FollowedRows

BROADCASTS: Final = FollowedRows(
    "broadcasts", progress.look, drafts.get, has_ended=lambda broadcast: broadcast.status in FINISHED
)


@strawberry.type
class BroadcastSubscription:
    @subscription(
        Permission.BROADCAST_READ,
        description="The broadcast as it goes on, at most ten times a second; ends when it does.",
    )
    async def broadcast_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Broadcast, None]:
        async with aclosing(BROADCASTS.follow(scope_of(info), get_id("Broadcast", id, ("id",)))) as states:
            async for state in states:
                yield shown(Broadcast, state)
