from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from models.changelog import hints
from models.changelog.members import MEMBERS
from permissions.capabilities import Permission
from schema.membership.inputs import position_from_input, segment_ids_from_input
from schema.membership.types import MembershipChange
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import scope_of, subscription
from schema.server.subscriptions.log_feed import follow_log
from schema.server.types.scalars import ChangeCursor


@strawberry.type
class MembershipSubscription:
    @subscription(
        Permission.SEGMENT_READ,
        description="Every change to the membership of the given segments (all of them when absent), in order, each at"
        " least once.\nWith `after`, first everything that was missed since, then the live ones, with no gap between.",
    )
    async def membership_changes(
        self, info: Info, segment_ids: list[strawberry.ID] | None = None, after: ChangeCursor | None = None
    ) -> AsyncGenerator[MembershipChange, None]:
        scope = scope_of(info)
        wanted = await segment_ids_from_input(scope, segment_ids)
        position = position_from_input(scope, after)
        async with aclosing(follow_log(scope, MEMBERS, hints.current(), position, wanted)) as batches:
            async for batch in batches:
                yield shown(MembershipChange, batch)
