from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from permissions.capabilities import Permission
from schema.broadcasts.broadcast_watch import WATCH, follow
from schema.broadcasts.types import Broadcast
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import scope_of, subscription
from schema.server.ids import get_id


@strawberry.type
class BroadcastSubscription:
    @subscription(
        Permission.BROADCAST_READ,
        description="The broadcast as it goes on, at most ten times a second; ends when it does.",
    )
    async def broadcast_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Broadcast, None]:
        async with aclosing(follow(scope_of(info), get_id("Broadcast", id, ("id",)), WATCH)) as states:
            async for state in states:
                yield shown(Broadcast, state)
