"""Each step in the lifecycle of a broadcast is taken once, however often it is requested."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.broadcasts import channel_changes, drafts, lifecycle, starting, stopping
from models.errors import Invalid, NotAllowedInState, NotFound
from models.messaging import outcomes
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.sources import of_broadcast
from models.segments import uses
from tests.kit.broadcasts import a_draft, a_draft_to, a_segment, a_sender, counts_of, people, read_again, template
from tests.kit.workspaces import new_workspace
from tests.models.messaging.claims import claim, sending, sent
from workers import stops

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(moment: datetime) -> None:
    clock.set_source(lambda: moment)


async def test_a_broadcast_starts_at_its_time_and_not_before(database: str):
    at(NOON)
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 2)
    await lifecycle.schedule(scope, broadcast.id, NOON + timedelta(hours=1))
    assert await starting.start_due() == []
    at(NOON + timedelta(hours=1))
    assert await starting.start_due() == [(scope.workspace_id, broadcast.id)]
    assert await starting.start_due() == []
    assert await starting.prepare(scope, broadcast.id)
    assert (await read_again(broadcast)).started_at == NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("late", "status"), [(timedelta(minutes=29), "PREPARING"), (timedelta(minutes=31), "CANCELLED")]
)
async def test_a_broadcast_that_is_too_late_is_cancelled_and_says_so(database: str, late: timedelta, status: str):
    at(NOON)
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 2, max_lateness="PT30M")
    await lifecycle.schedule(scope, broadcast.id, NOON + timedelta(hours=1))
    at(NOON + timedelta(hours=1) + late)
    await starting.start_due()
    now = await read_again(broadcast)
    assert now.status == status
    assert ("within PT30M" in (now.reason or "")) == (status == "CANCELLED")
    active = await uses.in_use(scope, broadcast.include_segment_ids[0])
    assert bool(active) == (status == "PREPARING")


async def test_without_a_limit_a_late_broadcast_starts(database: str):
    at(NOON)
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 1)
    await lifecycle.schedule(scope, broadcast.id, NOON + timedelta(hours=1))
    at(NOON + timedelta(days=3))
    assert await starting.start_due() == [(scope.workspace_id, broadcast.id)]


async def test_an_instant_in_the_past_or_too_far_ahead_is_refused(database: str):
    at(NOON)
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 1)
    for wrong in (NOON - timedelta(hours=1), NOON + timedelta(days=400)):
        with pytest.raises(Invalid):
            await lifecycle.schedule(scope, broadcast.id, wrong)
    assert (await read_again(broadcast)).status == "DRAFT"
    await lifecycle.schedule(scope, broadcast.id, NOON - timedelta(seconds=10))
    assert (await read_again(broadcast)).status == "PREPARING"


async def test_two_workers_that_prepare_the_same_broadcast_freeze_it_once(database: str):
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 30)
    await lifecycle.schedule(scope, broadcast.id, None)
    assert await asyncio.gather(*(starting.prepare(scope, broadcast.id) for _ in range(5))) == [True] * 5
    assert await counts_of(broadcast) == {"pending": 30}


async def test_an_empty_audience_is_completed_and_says_so(database: str):
    scope = await a_sender()
    broadcast = await a_draft(scope, await a_segment(scope, []))
    await lifecycle.schedule(scope, broadcast.id, None)
    assert not await starting.prepare(scope, broadcast.id)
    now = await read_again(broadcast)
    assert (now.status, now.reason, now.audience_size) == ("COMPLETED", "Nobody was in the audience.", 0)


async def test_a_broadcast_waits_for_a_segment_that_was_never_computed(database: str):
    scope = await a_sender()
    rule = '{"tags": {"operator": "HAS_ANY", "tags": ["x"]}}'
    segment = await db.fetch_value(
        """
        INSERT INTO segments (workspace_id, name, kind, status, rule) VALUES ($1, 'New', 'DYNAMIC', 'BUILDING', $2) RETURNING id
        """,
        scope.workspace_id,
        rule,
    )
    broadcast = await a_draft(scope, segment, max_lateness="PT1H")
    await lifecycle.schedule(scope, broadcast.id, None)
    assert not await starting.prepare(scope, broadcast.id)
    waiting = await read_again(broadcast)
    assert (waiting.status, waiting.reason) == ("PREPARING", "Waiting for the segment 'New' to be computed.")
    await db.execute("UPDATE segments SET active_version = 1, status = 'READY'")
    await db.execute(
        "INSERT INTO memberships SELECT $1, $2, unnest($3::bigint[]), 'RULE'",
        scope.workspace_id,
        segment,
        await people(scope, 1),
    )
    assert await starting.prepare(scope, broadcast.id)
    assert (await read_again(broadcast)).reason is None


async def test_a_broadcast_that_waits_too_long_is_cancelled(database: str):
    at(NOON)
    scope = await a_sender()
    segment = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind, rule) VALUES ($1, 'New', 'DYNAMIC', '{}') RETURNING id",
        scope.workspace_id,
    )
    broadcast = await a_draft(scope, segment, max_lateness="PT1H")
    await lifecycle.schedule(scope, broadcast.id, None)
    at(NOON + timedelta(hours=2))
    assert not await starting.prepare(scope, broadcast.id)
    assert (await read_again(broadcast)).status == "CANCELLED"


async def test_a_segment_deleted_before_the_start_ends_the_broadcast(database: str):
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 1)
    await lifecycle.schedule(scope, broadcast.id, None)
    await db.execute("UPDATE segments SET deleted_at = now()")
    assert not await starting.prepare(scope, broadcast.id)
    now = await read_again(broadcast)
    assert now.status == "FAILED"
    assert "deleted" in now.reason


async def test_a_draft_with_a_deleted_segment_is_not_started(database: str):
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 1)
    await db.execute("UPDATE segments SET deleted_at = now()")
    with pytest.raises(NotAllowedInState, match="was deleted"):
        await lifecycle.schedule(scope, broadcast.id, None)


async def test_an_unapproved_template_is_refused_and_a_later_pause_pauses_the_start(database: str):
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 1)
    await db.execute("UPDATE message_templates SET status = 'PAUSED' WHERE name = 'greeting'")
    with pytest.raises(NotAllowedInState, match="greeting is paused"):
        await lifecycle.schedule(scope, broadcast.id, None)
    await db.execute("UPDATE message_templates SET status = 'APPROVED' WHERE name = 'greeting'")
    await lifecycle.schedule(scope, broadcast.id, None)
    await db.execute("UPDATE message_templates SET status = 'PAUSED' WHERE name = 'greeting'")
    assert not await starting.prepare(scope, broadcast.id)
    assert (await read_again(broadcast)).status == "PAUSED"
    await db.execute("UPDATE message_templates SET status = 'APPROVED' WHERE name = 'greeting'")
    assert (await lifecycle.resume(scope, broadcast.id)).status == "PREPARING"
    assert await starting.prepare(scope, broadcast.id)


async def test_without_a_channel_nothing_is_started(database: str):
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 1)
    await channel_changes.disconnect(scope)
    with pytest.raises(NotAllowedInState, match="whatsappChannelConnect"):
        await lifecycle.schedule(scope, broadcast.id, None)


async def test_pause_resume_and_cancel_need_the_right_status(database: str):
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 3)
    for step in (lifecycle.pause, lifecycle.resume):
        with pytest.raises(NotAllowedInState, match="this broadcast is DRAFT"):
            await step(scope, broadcast.id)
    await sending(scope, broadcast)
    assert (await lifecycle.pause(scope, broadcast.id)).status == "PAUSED"
    assert (await lifecycle.pause(scope, broadcast.id)).status == "PAUSED", "asking twice changes nothing"
    assert (await lifecycle.resume(scope, broadcast.id)).status == "SENDING"
    assert (await lifecycle.cancel(scope, broadcast.id)).status == "CANCELLED"
    for step in (lifecycle.pause, lifecycle.resume):
        with pytest.raises(NotAllowedInState):
            await step(scope, broadcast.id)
    with pytest.raises(NotAllowedInState):
        await lifecycle.schedule(scope, broadcast.id, None)


async def test_a_cancelled_broadcast_skips_waiting_messages(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 10))
    attempts = (await claim(scope, broadcast, grant=4)).attempts
    await lifecycle.cancel(scope, broadcast.id)
    await stopping.end_cancelled(scope.workspace_id, broadcast.id)
    await outcomes.settle(scope.workspace_id, [sent(one) for one in attempts])
    assert await counts_of(broadcast) == {"sent": 4, "skipped": 6}


async def test_a_cancelled_schedule_never_starts(database: str):
    at(NOON)
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 1)
    await lifecycle.schedule(scope, broadcast.id, NOON + timedelta(hours=1))
    await lifecycle.cancel(scope, broadcast.id)
    at(NOON + timedelta(hours=2))
    assert await starting.start_due() == []
    assert not await starting.prepare(scope, broadcast.id)


# ---------------------------------------------------------------- ends


async def ended(ends: list[MessageStatus]):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, len(ends)))
    attempts = (await claim(scope, broadcast)).attempts
    for attempt, status in zip(attempts, ends, strict=True):
        await outcomes.settle(scope.workspace_id, [AttemptOutcome(attempt, status, reason="so it is")])
    assert await stopping.finish(scope.workspace_id, broadcast.id)
    return await read_again(broadcast)


async def test_a_broadcast_with_some_failures_is_completed(database: str):
    sent_, failed, lost = MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.UNCONFIRMED
    with_failures = await ended([sent_, failed, lost])
    assert (with_failures.status, with_failures.reason) == ("COMPLETED", None)
    assert await counts_of(with_failures) == {"sent": 1, "failed": 1, "unconfirmed": 1}


async def test_a_broadcast_of_which_nothing_was_sent_has_failed(database: str):
    nothing = await ended([MessageStatus.FAILED] * 3)
    assert nothing.status == "FAILED"
    assert nothing.reason is not None


async def test_an_unconfirmed_message_is_no_failure(database: str):
    perhaps = await ended([MessageStatus.FAILED, MessageStatus.UNCONFIRMED])
    assert perhaps.status == "COMPLETED"


async def test_a_broadcast_does_not_end_while_messages_are_open(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    assert not await stopping.finish(scope.workspace_id, broadcast.id)
    attempts = (await claim(scope, broadcast, grant=1)).attempts
    await outcomes.settle(scope.workspace_id, [sent(one) for one in attempts])
    await claim(scope, broadcast, grant=1)
    assert not await stopping.finish(scope.workspace_id, broadcast.id)


async def test_too_many_failures_pause_it_and_resuming_begins_a_new_count(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 250))
    attempts = (await claim(scope, broadcast, grant=100)).attempts
    failed = [AttemptOutcome(one, MessageStatus.FAILED, error_code=131026, reason="no") for one in attempts[:51]]
    await outcomes.settle(scope.workspace_id, [*failed, *(sent(one) for one in attempts[51:99])])
    assert not await stops.judge(scope.workspace_id, of_broadcast(broadcast.id), 0.5), (
        "99 outcomes are too few to judge by"
    )
    await outcomes.settle(scope.workspace_id, [sent(attempts[99])])
    assert await stops.judge(scope.workspace_id, of_broadcast(broadcast.id), 0.5)
    paused = await read_again(broadcast)
    assert paused.status == "PAUSED"
    assert "51 of the last 100" in paused.reason
    await lifecycle.resume(scope, broadcast.id)
    assert not await stops.judge(scope.workspace_id, of_broadcast(broadcast.id), 0.5)


# ---------------------------------------------------------------- uses, and other workspaces


async def test_a_segment_is_in_use_until_the_audience_is_frozen(database: str):
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 1, name="Sale")
    (use,) = await uses.in_use(scope, broadcast.include_segment_ids[0])
    assert (use.kind, use.label, use.used_by_id) == ("BROADCAST", "Sale", broadcast.id)
    await sending(scope, broadcast)
    assert not await uses.in_use(scope, broadcast.include_segment_ids[0])
    pages = await uses.page_for_each(scope, broadcast.include_segment_ids, 10)
    assert len(pages[broadcast.include_segment_ids[0]]) == 1, "it stays in the list as a past use"


async def test_another_workspace_s_broadcast_is_not_found(database: str):
    scope = await a_sender()
    broadcast = await a_draft_to(scope, 1)
    other = await new_workspace("Other")
    assert await drafts.find(other, broadcast.id) is None
    for step in (lifecycle.pause, lifecycle.resume, lifecycle.cancel):
        with pytest.raises(NotFound):
            await step(other, broadcast.id)
    with pytest.raises(NotFound):
        await lifecycle.schedule(other, broadcast.id, None)
    assert (await template(scope)).workspace_id == scope.workspace_id
