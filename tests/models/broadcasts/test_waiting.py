"""A broadcast that waits says for what, and until when."""

from datetime import UTC, datetime, timedelta

from models import clock, db
from models.broadcasts import recipients, retries, stopping, waiting
from models.db.tables.broadcasts import Broadcast
from models.messaging import outcomes
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.sources import of_broadcast
from permissions.principal import Scope
from tests.kit.broadcasts import a_draft, a_draft_to, a_segment, a_sender, a_worker_context, read_again
from tests.models.messaging.claims import claim, sending, sent
from workers import broadcasts

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOMORROW = "Waiting until 2026-11-23 12:00 UTC: WhatsApp held the last message back (131049), and asks for 24 hours"


async def a_failed_one(scope: Scope, *codes: int) -> Broadcast:
    """A finished broadcast whose recipients failed with these codes."""
    broadcast = await sending(scope, await a_draft_to(scope, len(codes)))
    attempts = (await claim(scope, broadcast)).attempts
    await outcomes.settle(
        scope.workspace_id,
        [
            AttemptOutcome(one, MessageStatus.FAILED, error_code=code, reason="odd")
            for one, code in zip(attempts, codes, strict=True)
        ],
    )
    assert await stopping.finish(scope.workspace_id, broadcast.id)
    return broadcast


async def test_a_retry_that_must_wait_a_day_says_so_at_once(database: str):
    clock.set_source(lambda: NOON)
    scope = await a_sender()
    again = await sending(
        scope, await retries.retry(scope, (await a_failed_one(scope, 131049)).id, [MessageStatus.FAILED])
    )
    assert again.status == "SENDING"
    assert (again.reason or "").startswith(TOMORROW)
    (row,) = (await recipients.page_for_each(scope, [again.id], 10))[again.id]
    assert "131049" in row["reason"]


async def test_a_retry_of_which_some_must_wait_says_so_once_the_others_are_sent(database: str, redis_url: str):
    clock.set_source(lambda: NOON)
    scope = await a_sender()
    before = await a_failed_one(scope, 131049, 131016)
    clock.set_source(lambda: NOON + timedelta(minutes=1))  # one person gets no two messages within seconds
    again = await sending(scope, await retries.retry(scope, before.id, [MessageStatus.FAILED]))
    assert again.reason is None
    await outcomes.settle(scope.workspace_id, [sent(one) for one in (await claim(scope, again)).attempts])
    async with a_worker_context(redis_url) as context:
        await broadcasts.carry_on(context)
    assert ((await read_again(again)).reason or "").startswith(TOMORROW)
    clock.set_source(lambda: NOON + timedelta(hours=24))
    assert await waiting.say(scope.workspace_id, again.id) is None
    await waiting.no_longer(scope.workspace_id, [of_broadcast(again.id)])
    assert (await read_again(again)).reason is None


async def test_a_wait_that_is_part_of_the_pace_is_not_said_and_a_longer_one_without_a_reason_is(database: str):
    clock.set_source(lambda: NOON)
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 1))
    await db.execute("UPDATE messages SET due_at = $1", NOON + timedelta(seconds=20))
    assert await waiting.say(scope.workspace_id, broadcast.id) is None
    await db.execute("UPDATE messages SET due_at = $1", NOON + timedelta(minutes=10))
    assert await waiting.say(scope.workspace_id, broadcast.id) == (
        "Waiting until 2026-11-22 12:10 UTC: then WhatsApp is asked again."
    )


async def test_only_broadcasts_that_are_sending_are_given_a_reason(database: str):
    scope = await a_sender()
    one, other = (
        await sending(scope, await a_draft_to(scope, 1)),
        await a_draft(scope, await a_segment(scope, [], "Nobody")),
    )
    await waiting.set_reason(scope.workspace_id, "Waiting.")
    assert ((await read_again(one)).reason, (await read_again(other)).reason) == ("Waiting.", None)
    await waiting.set_reason(scope.workspace_id, None, [other.id])
    assert (await read_again(one)).reason == "Waiting."
