"""An outcome is written once, and keeps what a provider's status said first."""

from datetime import timedelta

from models import clock, db
from models.messaging import outcomes
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.sources import of_broadcast
from tests.kit.broadcasts import a_draft_to, a_sender, counts_of
from tests.models.messaging.claims import claim, sending, sent


async def test_outcomes_are_written_with_their_activities_and_counted(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 4))
    one, two, three, four = (await claim(scope, broadcast)).attempts
    again_at = clock.now() + timedelta(seconds=30)
    await outcomes.settle(
        scope.workspace_id,
        [
            sent(one),
            AttemptOutcome(two, MessageStatus.FAILED, error_code=131026, reason="not on WhatsApp"),
            AttemptOutcome(three, MessageStatus.UNCONFIRMED, reason="no answer"),
            AttemptOutcome(four, MessageStatus.PENDING, again_at=again_at, counts=False),
        ],
    )
    assert await counts_of(broadcast) == {"sent": 1, "failed": 1, "unconfirmed": 1, "pending": 1}
    assert not (await claim(scope, broadcast)).attempts
    rows = await db.fetch("SELECT kind, properties FROM activities ORDER BY kind")
    assert [row["kind"] for row in rows] == ["message.failed", "message.sent"]
    assert db.load_json(rows[0]["properties"])["errorCode"] == 131026
    row = await db.fetch_row("SELECT attempts, due_at, error_code FROM messages WHERE id = $1", four.id)
    assert row is not None
    assert (row["attempts"], row["due_at"]) == (0, again_at)


async def test_an_outcome_reported_twice_is_written_once(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 1))
    (attempt,) = (await claim(scope, broadcast)).attempts
    await outcomes.settle(scope.workspace_id, [sent(attempt)])
    await outcomes.settle(scope.workspace_id, [sent(attempt)])
    assert await counts_of(broadcast) == {"sent": 1}
    assert await db.fetch_value("SELECT count(*) FROM activities") == 1


async def test_an_attempt_without_an_outcome_becomes_unconfirmed_and_is_never_claimed_again(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    attempts = (await claim(scope, broadcast, seconds=-1)).attempts
    assert await outcomes.expire_leases(scope.workspace_id, of_broadcast(broadcast.id)) == 2
    assert await counts_of(broadcast) == {"unconfirmed": 2}
    assert not (await claim(scope, broadcast)).attempts
    late, never = attempts
    refused_late = AttemptOutcome(never, MessageStatus.PENDING, again_at=clock.now())
    await outcomes.settle(scope.workspace_id, [sent(late), refused_late])
    assert await counts_of(broadcast) == {"sent": 1, "failed": 1}, (
        "what is certain by now is written; nothing is sent again"
    )


async def test_another_whatsapp_id_of_a_number_is_remembered(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 1))
    (attempt,) = (await claim(scope, broadcast)).attempts
    await outcomes.settle(scope.workspace_id, [sent(attempt, wa_id="5511999")])
    row = await db.fetch_row("SELECT wa_id, phone FROM whatsapp_aliases")
    assert row is not None
    assert tuple(row) == ("5511999", attempt.phone)


async def test_a_repeated_outcome_does_not_touch_a_later_claim(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 1))
    (first,) = (await claim(scope, broadcast)).attempts
    again = AttemptOutcome(first, MessageStatus.PENDING, again_at=clock.now(), counts=False)
    await outcomes.settle(scope.workspace_id, [again])
    (second,) = (await claim(scope, broadcast)).attempts
    assert second.lease_token != first.lease_token
    await outcomes.settle(scope.workspace_id, [again])
    assert await counts_of(broadcast) == {"sending": 1}, "the second call is under way: nobody may make a third"
    await outcomes.settle(scope.workspace_id, [sent(second)])
    assert await counts_of(broadcast) == {"sent": 1}
