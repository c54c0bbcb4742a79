"""A stop pauses what it reaches, in an order of locks that no other transaction goes against."""

import asyncio

from models import clock, db
from models.broadcasts import stopping
from models.messaging import outcomes, statuses
from models.messaging.policy import Answer, Reach
from models.messaging.provider_events import Receipt, StatusEvent
from models.messaging.sources import Stop, of_broadcast
from tests.kit.broadcasts import a_draft, a_draft_to, a_segment, a_sender, people, read_again
from tests.kit.locks import wait_until_blocked
from tests.models.messaging.claims import claim, sending, sent
from workers import stops


async def test_the_first_of_several_stops_gives_the_reason(database: str):
    scope = await a_sender()
    segment = await a_segment(scope, await people(scope, 1))
    one, two = [await sending(scope, await a_draft(scope, segment)) for _ in range(2)]
    found = [Stop(Reach.SOURCE, of_broadcast(two.id), "first"), Stop(Reach.ACCOUNT, of_broadcast(one.id), "second")]
    reasons = await stops.reached_by(scope.workspace_id, found)
    assert await stops.pause(scope.workspace_id, reasons) == 2
    assert [((now := await read_again(each)).status, now.reason) for each in (one, two)] == [
        ("PAUSED", "second"),
        ("PAUSED", "first"),
    ]


async def test_nothing_is_paused_twice(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 1))
    assert await stops.stop_all(scope.workspace_id, "first") == 1
    assert await stops.stop_all(scope.workspace_id, "second") == 0
    assert (await read_again(broadcast)).reason == "first"


async def test_a_status_that_stops_a_broadcast_and_its_end_wait_for_each_other_in_one_order(database: str):
    """Both move the counters and the broadcast. In two orders, PostgreSQL would end one of them as a deadlock."""
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 1))
    (attempt,) = (await claim(scope, broadcast)).attempts
    await outcomes.settle(scope.workspace_id, [sent(attempt)])
    has_moved = asyncio.Event()

    async def finish() -> bool:
        await has_moved.wait()
        return await stopping.finish(scope.workspace_id, broadcast.id)

    finishing = asyncio.create_task(finish())
    failed = StatusEvent(
        "number",
        f"wamid.{attempt.id}",
        Receipt.FAILED,
        clock.now(),
        statuses.reference_of(attempt.id),
        131031,
        "Locked.",
        Answer.ACCOUNT_STOPPED,
    )
    async with db.transaction():
        found = await statuses.process(scope.workspace_id, [failed])
        has_moved.set()
        await wait_until_blocked()
        await stops.pause(scope.workspace_id, await stops.reached_by(scope.workspace_id, found))
    assert not await finishing
    assert (await read_again(broadcast)).status == "PAUSED"
