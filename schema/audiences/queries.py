import strawberry

from models.destinations.audiences import audiences, connections
from permissions.capabilities import Permission
from schema.audiences.types import Audience, AudienceConnection, MetaConnection
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import query, scope_of
from schema.server.ids import find_id
from schema.server.types.connection import page_of, page_size
from schema.server.types.cursors import Cursors, a_number


@strawberry.type
class AudienceQuery:
    @query(Permission.SEGMENT_READ, description="The connected ad account; null when there is none.")
    async def meta_connection(self, info: Info) -> MetaConnection | None:
        return shown(MetaConnection, await connections.find(scope_of(info)))

    @query(Permission.SEGMENT_READ, description="An advertising audience.")
    async def audience(self, info: Info, id: strawberry.ID) -> Audience | None:
        return shown(Audience, await audiences.find(scope_of(info), find_id("Audience", id) or 0))

    @query(Permission.SEGMENT_READ, description="Audiences, the newest first.")
    async def audiences(
        self, info: Info, first: int | None = 50, after: str | None = None, segment_id: strawberry.ID | None = None
    ) -> AudienceConnection:
        scope = scope_of(info)
        segment = None if segment_id is None else find_id("Segment", segment_id) or 0
        cursors = Cursors(scope, "audiences", segment)
        key = cursors.read(after, a_number)
        rows = await audiences.newest_first(scope, page_size(first) + 1, None if key is None else key[0], segment)
        return shown(AudienceConnection, page_of(rows, first, after, lambda row: cursors.write(row.id)))
