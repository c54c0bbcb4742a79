"""Outcomes are written together, and are kept while the database refuses them."""

import asyncio

from models import db
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from tests.kit.broadcasts import a_draft_to, a_sender, counts_of, read_again
from tests.models.messaging.claims import claim, sending, sent
from workers.outcome_writer import OutcomeWriter


async def test_what_was_added_before_the_end_is_written(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 3))
    writer = OutcomeWriter(scope.workspace_id, 0.5)
    for attempt in (await claim(scope, broadcast)).attempts:
        writer.add(sent(attempt))
    writer.end()
    await writer.run()
    assert await counts_of(broadcast) == {"sent": 3}


async def test_outcomes_wait_for_a_database_that_refuses_them(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 1))
    (attempt,) = (await claim(scope, broadcast)).attempts
    writer = OutcomeWriter(scope.workspace_id, 0.5)
    await db.execute("ALTER TABLE messages RENAME TO messages_away")
    try:
        writer.add(sent(attempt))
        writing = asyncio.create_task(writer.run())
        writer.end()
        await asyncio.sleep(0.3)
        assert not writing.done()
    finally:
        await db.execute("ALTER TABLE messages_away RENAME TO messages")
    await asyncio.wait_for(writing, 10)
    assert await counts_of(broadcast) == {"sent": 1}


async def test_too_many_failures_pause_the_source(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 101))
    writer = OutcomeWriter(scope.workspace_id, 0.5)
    for attempt in (await claim(scope, broadcast, grant=100)).attempts:
        writer.add(AttemptOutcome(attempt, MessageStatus.FAILED, reason="no"))
    writer.end()
    await writer.run()
    assert (await read_again(broadcast)).status == "PAUSED"
