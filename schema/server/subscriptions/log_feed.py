"""A log, live, as batches of events."""

from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from functools import cache
from typing import Any

from models.changelog.cursor import to_cursor
from models.changelog.followers import EntryBatch
from models.changelog.hints import Hints
from models.changelog.log import Entry, Log
from models.changelog.tail import TAIL, FellBehind, Tail
from permissions.principal import Scope
from schema.server import metrics
from schema.server.refusals import SlowConsumer
from schema.server.subscriptions.event_batch import EventBatch


async def follow_log(
    scope: Scope,
    source: Log[Entry],
    hints: Hints | None,
    after: int | None,
    only: Collection[Any] | None = None,
    tail: Tail = TAIL,
) -> AsyncGenerator[EventBatch, None]:
    """Entries after position `after` (None: from now on), in order, without a gap; never an empty batch.

    `only`: wanted values of the log's filter. Raises NotInLog when the log does not reach back so far, SlowConsumer when the
    caller reads too slowly.
    """
    make = _maker(source)
    try:
        async with aclosing(tail.follow(scope, source, hints, after, only)) as batches:
            async for batch in batches:
                yield batch.once(make)
    except FellBehind as slow:
        metrics.SLOW.inc()
        raise SlowConsumer(to_cursor(source, scope.workspace_id, slow.position)) from None


@cache
def _maker(source: Log[Any]) -> Callable[[EntryBatch[Any]], EventBatch]:
    """Returns one and the same function for a log, so that its followers share what it makes."""

    def event_batch_of(batch: EntryBatch[Any]) -> EventBatch:
        entries = batch.entries

        def resume(taken: int) -> str:
            position = entries[taken - 1].position if taken else entries[0].position - 1
            return to_cursor(source, entries[0].workspace_id, position)

        return EventBatch(entries, shared=batch.shared, resume=resume)

    return event_batch_of
