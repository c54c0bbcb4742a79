"""Statuses come twice, late, shuffled and with gaps, and the ledger is right."""

import random
from datetime import timedelta

from models import clock, db
from models.broadcasts import lifecycle
from models.db.tables.broadcasts import Broadcast
from models.messaging import outcomes, statuses
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.policy import Answer
from models.messaging.provider_events import Receipt, StatusEvent
from models.messaging.statuses import message_of, reference_of
from permissions.principal import Scope
from tests.kit.broadcasts import a_draft, a_draft_to, a_segment, a_sender, counts_of, people, read_again
from tests.kit.draws import with_seeds
from tests.models.messaging.claims import claim, sending
from workers import stops


def status_of(
    ledger_id: int, receipt: Receipt, *, seconds: int = 0, message_id: str | None = None, **more
) -> StatusEvent:
    at = clock.now().replace(microsecond=0) + timedelta(seconds=seconds)
    reference = more.pop("reference", reference_of(ledger_id))
    return StatusEvent("number", message_id or f"wamid.{ledger_id}", receipt, at, reference, **more)


async def process(scope: Scope, *events: StatusEvent) -> None:
    async with db.transaction():
        for stop in await statuses.process(scope.workspace_id, events):
            await stops.stop(scope.workspace_id, stop)


async def sent_to(scope: Scope, count: int) -> tuple[Broadcast, list[int]]:
    """A broadcast whose messages were all accepted, and their ids."""
    broadcast = await sending(scope, await a_draft_to(scope, count))
    attempts = (await claim(scope, broadcast, grant=count)).attempts
    await outcomes.settle(
        scope.workspace_id, [AttemptOutcome(one, MessageStatus.SENT, f"wamid.{one.id}") for one in attempts]
    )
    return broadcast, [one.id for one in attempts]


async def kinds() -> list[str]:
    return [row["kind"] for row in await db.fetch("SELECT kind FROM activities ORDER BY kind")]


def test_only_our_own_references_are_read():
    assert message_of(reference_of(42)) == 42
    for other in (None, "", "muster:", "muster:x", "muster:test:1", "run42:9001", "muster:1٣", "muster:" + "9" * 30):
        assert message_of(other) is None


@with_seeds(12)
async def test_order_and_repetition_of_statuses_do_not_matter(database: str, seed: int):
    dice = random.Random(seed)
    scope = await a_sender()
    broadcast, ids = await sent_to(scope, 6)
    both, all_three, read_only, failed, only_sent, silent = ids
    events = [
        status_of(both, Receipt.SENT),
        status_of(both, Receipt.DELIVERED, seconds=1),
        status_of(all_three, Receipt.SENT),
        status_of(all_three, Receipt.DELIVERED, seconds=1),
        status_of(all_three, Receipt.READ, seconds=2),
        status_of(read_only, Receipt.READ, seconds=2),
        status_of(failed, Receipt.SENT),
        status_of(failed, Receipt.FAILED, seconds=1, error_code=131026, reason="not on WhatsApp"),
        status_of(only_sent, Receipt.SENT),
    ] * 2
    dice.shuffle(events)
    while events:
        size = dice.randint(1, 5)
        await process(scope, *events[:size])
        events = events[size:]
    assert await counts_of(broadcast) == {"delivered": 1, "read": 2, "failed": 1, "sent": 2}
    rows = {row["id"]: row for row in await db.fetch("SELECT * FROM messages")}
    assert rows[read_only]["delivered_at"] is None
    assert (
        rows[all_three]["sent_at"] < rows[all_three]["delivered_at"] < rows[all_three]["read_at"] + timedelta(seconds=9)
    )
    assert (rows[failed]["error_code"], rows[failed]["reason"]) == (131026, "not on WhatsApp")
    assert rows[silent]["status"] == "SENT"
    assert await kinds() == ["message.delivered"] * 2 + ["message.failed"] + ["message.read"] * 2 + ["message.sent"] * 6


async def test_a_status_settles_unconfirmed_messages_and_those_that_wait_for_a_retry(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 3))
    unconfirmed, under_way, again = (await claim(scope, broadcast)).attempts
    await outcomes.settle(
        scope.workspace_id,
        [
            AttemptOutcome(unconfirmed, MessageStatus.UNCONFIRMED, reason="no answer"),
            AttemptOutcome(again, MessageStatus.PENDING, again_at=clock.now()),
        ],
    )
    await process(scope, *(status_of(one.id, Receipt.DELIVERED) for one in (unconfirmed, under_way, again)))
    assert await counts_of(broadcast) == {"delivered": 3}
    assert not (await claim(scope, broadcast)).attempts
    await outcomes.settle(scope.workspace_id, [AttemptOutcome(under_way, MessageStatus.SENT, f"wamid.{under_way.id}")])
    assert await counts_of(broadcast) == {"delivered": 3}, "the answer that comes after the webhook takes nothing back"
    assert await kinds() == ["message.delivered"] * 3 + ["message.sent"] * 3


async def test_a_delivery_overrides_a_failure_and_a_late_sent_does_not(database: str):
    scope = await a_sender()
    broadcast, (one, two) = await sent_to(scope, 2)
    await process(
        scope, status_of(one, Receipt.FAILED, error_code=131026), status_of(two, Receipt.FAILED, error_code=131026)
    )
    await process(scope, status_of(one, Receipt.SENT), status_of(two, Receipt.DELIVERED))
    assert await counts_of(broadcast) == {"failed": 1, "delivered": 1}


async def test_a_status_without_our_reference_is_found_by_the_message(database: str):
    scope = await a_sender()
    broadcast, (one,) = await sent_to(scope, 1)
    await process(scope, status_of(one, Receipt.READ, reference=None), status_of(999, Receipt.READ, reference=None))
    assert await counts_of(broadcast) == {"read": 1}


async def test_statuses_of_unknown_messages_are_left_alone(database: str):
    scope = await a_sender()
    broadcast, (one,) = await sent_to(scope, 1)
    await process(
        scope,
        status_of(one, Receipt.READ, message_id="wamid.of-another-installation"),
        status_of(424242, Receipt.READ),
        status_of(one, Receipt.READ, reference="run42:9001"),
    )
    assert await counts_of(broadcast) == {"sent": 1}


async def test_another_workspace_s_webhook_moves_nothing(database: str):
    scope = await a_sender()
    broadcast, (one,) = await sent_to(scope, 1)
    async with db.transaction():
        await statuses.process(scope.workspace_id + 1, [status_of(one, Receipt.READ)])
    assert await counts_of(broadcast) == {"sent": 1}


async def test_a_failure_because_of_an_opt_out_opts_the_contact_out(database: str):
    scope = await a_sender()
    _, (one, _two) = await sent_to(scope, 2)
    await process(scope, status_of(one, Receipt.FAILED, error_code=131050, reason="stopped", answer=Answer.OPTED_OUT))
    rows = await db.fetch("SELECT whatsapp_consent FROM contacts ORDER BY phone")
    assert [row["whatsapp_consent"] for row in rows] == ["OPTED_OUT", "OPTED_IN"]


async def test_a_failure_that_concerns_everybody_pauses_what_it_reaches(database: str):
    scope = await a_sender()
    broadcast, (one, *_) = await sent_to(scope, 3)
    other = await sending(scope, await a_draft_to_others(scope))
    await process(
        scope, status_of(one, Receipt.FAILED, error_code=131042, reason="no payment", answer=Answer.ACCOUNT_STOPPED)
    )
    for each in (broadcast, other):
        paused = await read_again(each)
        assert paused.status == "PAUSED"
        assert "131042" in paused.reason
    assert (await lifecycle.resume(scope, other.id)).status == "SENDING"


async def a_draft_to_others(scope: Scope) -> Broadcast:
    return await a_draft(scope, await a_segment(scope, await people(scope, 2, first=900)), name="Other")


async def test_a_deleted_contact_does_not_stop_the_others(database: str):
    scope = await a_sender()
    broadcast, ids = await sent_to(scope, 3)
    await db.execute("DELETE FROM contacts WHERE phone = '+34600000001'")
    await process(scope, *(status_of(one, Receipt.DELIVERED) for one in ids))
    assert await counts_of(broadcast) == {"delivered": 3}
    assert (await kinds()).count("message.delivered") == 2
