"""Events are passed on while the caller has the permission."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from models.errors import Forbidden
from schema.server.subscriptions.permission import MOST_FAILED_CHECKS, while_permitted


class Source:
    """Yields its events, then waits until it is closed."""

    def __init__(self, *events: int) -> None:
        self.events = events
        self.is_closed = False

    async def __call__(self) -> AsyncIterator[int]:
        try:
            for event in self.events:
                yield event
            await asyncio.sleep(60)
        finally:
            self.is_closed = True


async def permitted() -> None:
    return


async def test_events_are_passed_on_and_the_source_is_closed() -> None:
    source = Source(1, 2)
    events = while_permitted(source(), permitted, 60)
    assert [await anext(events), await anext(events)] == [1, 2]
    await events.aclose()
    assert source.is_closed


async def test_a_lost_permission_ends_the_wait_for_the_next_event() -> None:
    async def refuse() -> None:
        raise Forbidden("not any more")

    source = Source(1)
    events = while_permitted(source(), refuse, 0.01)
    assert await anext(events) == 1
    with pytest.raises(Forbidden, match="not any more"):
        await asyncio.wait_for(anext(events), 5)
    assert source.is_closed


async def test_some_failed_checks_end_nothing_and_too_many_do() -> None:
    checks: list[int] = []

    async def away() -> None:
        checks.append(1)
        if len(checks) != 3:  # one success in between, and the count begins again
            raise OSError("the database is away")

    events = while_permitted(Source()(), away, 0.001)
    with pytest.raises(OSError, match="away"):
        await asyncio.wait_for(anext(events), 5)
    assert len(checks) == 3 + MOST_FAILED_CHECKS


async def test_a_cancelled_subscriber_is_cancelled() -> None:
    source = Source()
    events = while_permitted(source(), permitted, 60)
    task = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.is_closed
