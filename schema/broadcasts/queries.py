import strawberry

from models.broadcasts import drafts
from permissions.capabilities import Permission
from schema.broadcasts.enums import BroadcastStatus
from schema.broadcasts.types import Broadcast, BroadcastConnection
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import query, scope_of
from schema.server.ids import find_id
from schema.server.types.connection import page_of, page_size
from schema.server.types.cursors import Cursors, a_number


@strawberry.type
class BroadcastQuery:
    @query(Permission.BROADCAST_READ)
    async def broadcast(self, info: Info, id: strawberry.ID) -> Broadcast | None:
        return shown(Broadcast, await drafts.find(scope_of(info), find_id("Broadcast", id) or 0))

    @query(Permission.BROADCAST_READ, description="The newest first.")
    async def broadcasts(
        self, info: Info, first: int | None = 50, after: str | None = None, status: BroadcastStatus | None = None
    ) -> BroadcastConnection:
        scope = scope_of(info)

        async def count() -> int:
            return await drafts.count(scope, status)

        cursors = Cursors(scope, "broadcasts", status)
        key = cursors.read(after, a_number)
        rows = await drafts.newest_first(scope, page_size(first) + 1, None if key is None else key[0], status)
        return shown(BroadcastConnection, page_of(rows, first, after, lambda row: cursors.write(row.id), count))
