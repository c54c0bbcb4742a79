"""A retry keeps what was frozen, and reaches nobody twice."""

import dataclasses
from datetime import timedelta

import pytest

from models import clock, db
from models.broadcasts import drafts, lifecycle, retries, stopping
from models.broadcasts.drafts import Draft
from models.db.tables.broadcasts import Broadcast
from models.errors import Invalid, NotAllowedInState, Required, Unsupported
from models.messaging import outcomes
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.rendering import Binding
from permissions.principal import Scope
from tests.kit.broadcasts import (
    FIRST_NAME,
    a_draft,
    a_draft_to,
    a_segment,
    a_sender,
    counts_of,
    people,
    read_again,
)
from tests.models.messaging.claims import claim, sending, sent


async def a_finished_one(scope: Scope) -> Broadcast:
    """Of five recipients one was reached, three failed (one of them for a day at least), one is unconfirmed."""
    broadcast = await sending(scope, await a_draft_to(scope, 5))
    one, two, three, four, five = (await claim(scope, broadcast)).attempts
    await outcomes.settle(
        scope.workspace_id,
        [
            AttemptOutcome(one, MessageStatus.SENT, "wamid.1"),
            AttemptOutcome(two, MessageStatus.FAILED, error_code=131016, reason="out"),
            AttemptOutcome(three, MessageStatus.FAILED, error_code=131016, reason="out"),
            AttemptOutcome(four, MessageStatus.FAILED, error_code=131049, reason="healthy ecosystem"),
            AttemptOutcome(five, MessageStatus.UNCONFIRMED, reason="no answer"),
        ],
    )
    assert await stopping.finish(scope.workspace_id, broadcast.id)
    return await read_again(broadcast)


async def rows_of(broadcast: Broadcast) -> list[db.Record]:
    return await db.fetch("SELECT * FROM messages WHERE source_id = $1 ORDER BY phone", broadcast.id)


async def test_a_retry_is_a_linked_draft_for_the_failed_with_their_parameters_as_they_were(database: str):
    scope = await a_sender()
    broadcast = await a_finished_one(scope)
    await db.execute("UPDATE contacts SET name = 'Renamed'")
    again = await retries.retry(scope, broadcast.id, [MessageStatus.FAILED])
    assert (again.status, again.retry_of) == ("DRAFT", broadcast.id)
    assert (await drafts.audience_of(scope, again)).recipients == 3
    await sending(scope, again)
    rows = await rows_of(again)
    assert [row["parameters"] for row in rows] == [["Person 2"], ["Person 3"], ["Person 4"]]
    assert rows[2]["due_at"] >= clock.now() + timedelta(hours=23), "131049 forbids another try within a day"
    assert rows[0]["due_at"] <= clock.now()
    assert await counts_of(broadcast) == {"sent": 1, "failed": 3, "unconfirmed": 1}


async def test_unconfirmed_messages_are_retried_only_on_request(database: str):
    scope = await a_sender()
    broadcast = await a_finished_one(scope)
    again = await retries.retry(scope, broadcast.id, [MessageStatus.FAILED, MessageStatus.UNCONFIRMED])
    assert (await drafts.audience_of(scope, again)).recipients == 4


async def test_a_retry_leaves_out_opted_out_and_deleted_contacts(database: str):
    scope = await a_sender()
    broadcast = await a_finished_one(scope)
    rows = await rows_of(broadcast)
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", rows[1]["contact_id"])
    await db.execute("DELETE FROM contacts WHERE id = $1", rows[2]["contact_id"])
    again = await retries.retry(scope, broadcast.id, [MessageStatus.FAILED])
    found = await drafts.audience_of(scope, again)
    assert (found.recipients, dict(found.exclusions)) == (1, {"OPTED_OUT": 1, "NO_PHONE": 1})


async def test_two_retries_of_the_same_broadcast_do_not_reach_anybody_twice(database: str):
    scope = await a_sender()
    broadcast = await a_finished_one(scope)
    first = await sending(scope, await retries.retry(scope, broadcast.id, [MessageStatus.FAILED]))
    assert first.audience_size == 3
    second = await retries.retry(scope, broadcast.id, [MessageStatus.FAILED])
    found = await drafts.audience_of(scope, second)
    assert (found.recipients, dict(found.exclusions)) == (0, {"DUPLICATE_PHONE": 3})


async def test_a_retry_that_is_not_possible_is_refused(database: str):
    scope = await a_sender()
    draft = await a_draft_to(scope, 1)
    with pytest.raises(NotAllowedInState):
        await retries.retry(scope, draft.id, [MessageStatus.FAILED])
    await lifecycle.cancel(scope, draft.id)
    with pytest.raises(NotAllowedInState, match="never started"):
        await retries.retry(scope, draft.id, [MessageStatus.FAILED])
    with pytest.raises(Required):
        await retries.retry(scope, draft.id, [])
    with pytest.raises(Invalid):
        await retries.retry(scope, draft.id, [MessageStatus.SENT])


async def test_a_retry_of_nothing_is_refused_and_says_what_there_is(database: str):
    scope = await a_sender()
    broadcast = await a_finished_one(scope)
    with pytest.raises(
        NotAllowedInState, match="no recipient of this broadcast is SKIPPED: .* 3 FAILED, 1 UNCONFIRMED"
    ):
        await retries.retry(scope, broadcast.id, [MessageStatus.SKIPPED])
    assert await drafts.count(scope) == 1
    fine = await sending(scope, await a_draft(scope, await a_segment(scope, await people(scope, 1, first=50), "One")))
    await outcomes.settle(scope.workspace_id, [sent(one) for one in (await claim(scope, fine)).attempts])
    await stopping.finish(scope.workspace_id, fine.id)
    with pytest.raises(NotAllowedInState, match="everybody got it"):
        await retries.retry(scope, fine.id, [MessageStatus.FAILED, MessageStatus.SKIPPED])


async def test_a_retry_keeps_template_parameters_and_segments(database: str):
    scope = await a_sender()
    broadcast = await a_finished_one(scope)
    again = await retries.retry(scope, broadcast.id, [MessageStatus.FAILED])
    same = Draft(
        "Once more", broadcast.template_id, [FIRST_NAME], list(broadcast.include_segment_ids), max_lateness="PT5M"
    )
    assert (await drafts.update(scope, again.id, same)).name == "Once more"
    with pytest.raises(Unsupported):
        await drafts.update(scope, again.id, dataclasses.replace(same, parameters=[Binding("1", text="you")]))
