import strawberry

from models.changelog.cursor import to_cursor as to_change_cursor
from models.changelog.members import MEMBERS
from models.changelog.read import read_page, start_position
from permissions.capabilities import Permission
from schema.membership.inputs import position_from_input, segment_ids_from_input
from schema.membership.types import MembershipChangePage
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import query, scope_of
from schema.server.types.connection import page_size
from schema.server.types.scalars import ChangeCursor


@strawberry.type
class MembershipQuery:
    @query(
        Permission.SEGMENT_READ,
        description="The durable log, page by page, for a partner that polls or catches up.",
    )
    async def membership_changes(
        self,
        info: Info,
        after: ChangeCursor | None = None,
        segment_ids: list[strawberry.ID] | None = None,
        first: int | None = 100,
        from_now: bool = False,
    ) -> MembershipChangePage:
        scope = scope_of(info)
        size = page_size(first, default=100)
        wanted = await segment_ids_from_input(scope, segment_ids)
        position = await start_position(scope, MEMBERS, position_from_input(scope, after), from_now)
        page = await read_page(scope, MEMBERS, position, size, wanted)
        return shown(
            MembershipChangePage,
            {
                "changes": page.entries,
                "cursor": to_change_cursor(MEMBERS, scope.workspace_id, page.position),
                "has_more": page.more,
            },
        )
