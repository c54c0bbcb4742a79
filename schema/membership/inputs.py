"""Arguments of the log's queries and subscriptions."""

from collections.abc import Sequence

from models.changelog.cursor import from_cursor as from_change_cursor
from models.changelog.members import MEMBERS
from models.errors import NotFound
from models.segments import lists
from permissions.principal import Scope
from schema.server.ids import find_id
from schema.server.types.scalars import ChangeCursor


async def segment_ids_from_input(scope: Scope, segment_ids: Sequence[str] | None) -> list[int] | None:
    """Ids in the database, deleted segments included. None stays None: all. Raises NotFound."""
    if segment_ids is None:
        return None
    ids = [find_id("Segment", segment_id) for segment_id in segment_ids]
    wanted = [segment_id for segment_id in ids if segment_id is not None]
    existing = {row["id"] for row in await lists.by_ids(scope, wanted, deleted_too=True)}
    for index, segment_id in enumerate(ids):
        if segment_id not in existing:
            raise NotFound(f"there is no segment with the id {segment_ids[index][:100]!r}", ("segmentIds", index))
    return wanted


def position_from_input(scope: Scope, after: ChangeCursor | None) -> int | None:
    """Returns the position in the log that a cursor means."""
    return None if after is None else from_change_cursor(scope, MEMBERS, after)
