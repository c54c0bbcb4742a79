"""The membership log, live, as batches of events."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing

from models.changelog.cursor import to_cursor
from models.changelog.followers import EntryBatch
from models.changelog.hints import Hints
from models.changelog.members import MEMBERS, MembershipChange
from models.changelog.tail import TAIL, FellBehind, Tail
from permissions.principal import Scope
from schema.server import metrics
from schema.server.refusals import SlowConsumer
from schema.server.subscriptions.event_batch import EventBatch


async def follow(
    scope: Scope, hints: Hints | None, after: int | None, segment_ids: Collection[int] | None = None, tail: Tail = TAIL
) -> AsyncGenerator[EventBatch, None]:
    """Changes after position `after` (None: from now on), in order, without a gap; never an empty batch.

    Raises NotInLog when the log does not reach back so far, SlowConsumer when the caller reads too slowly.
    """
    try:
        async with aclosing(tail.follow(scope, MEMBERS, hints, after, segment_ids)) as batches:
            async for batch in batches:
                yield batch.once(event_batch_of)
    except FellBehind as slow:
        metrics.SLOW.inc()
        raise SlowConsumer(to_cursor(MEMBERS, scope.workspace_id, slow.position)) from None


def event_batch_of(batch: EntryBatch[MembershipChange]) -> EventBatch:
    """Makes events of changes, with the cursor to resume from after some of them."""
    changes = batch.entries

    def resume(taken: int) -> str:
        position = changes[taken - 1].position if taken else changes[0].position - 1
        return to_cursor(MEMBERS, changes[0].workspace_id, position)

    return EventBatch(changes, shared=batch.shared, resume=resume)
