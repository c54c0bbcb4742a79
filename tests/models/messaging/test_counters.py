"""The counters agree with the ledger."""

from models import db
from models.broadcasts import stopping
from models.messaging import counters, outcomes
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.sources import SourceKind, of_broadcast
from tests.kit.broadcasts import a_draft_to, a_sender, counts_of
from tests.models.messaging.claims import claim, sending, sent


async def test_wrong_counters_are_corrected_at_the_end(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    await outcomes.settle(scope.workspace_id, [sent(one) for one in (await claim(scope, broadcast)).attempts])
    await db.execute("UPDATE message_counters SET sent = 99, failed = 7")
    assert await stopping.finish(scope.workspace_id, broadcast.id)
    assert await counts_of(broadcast) == {"sent": 2}


async def test_a_source_that_has_not_begun_counts_nothing(database: str):
    scope = await a_sender()
    draft = await a_draft_to(scope, 2)
    assert await counters.of(scope.workspace_id, SourceKind.BROADCAST, [draft.id]) == {draft.id: counters.NOTHING}


async def test_failures_are_judged_once_and_only_when_there_are_enough_outcomes(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 101))
    source = of_broadcast(broadcast.id)
    attempts = (await claim(scope, broadcast, grant=100)).attempts
    failed = [AttemptOutcome(one, MessageStatus.FAILED, error_code=131026) for one in attempts]
    await outcomes.settle(scope.workspace_id, failed[:99])
    assert await counters.judge(scope.workspace_id, source, 0.5) is None, "too few to judge by"
    await outcomes.settle(scope.workspace_id, failed[99:])
    assert await counters.judge(scope.workspace_id, source, 0.5) == "100 of the last 100 messages failed"
    assert await counters.judge(scope.workspace_id, source, 0.5) is None, "these were judged"
    assert await counts_of(broadcast) == {"failed": 100, "pending": 1}
