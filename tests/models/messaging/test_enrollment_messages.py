"""Messages of workflows in the ledger: one for each arrival, with a window and a cap that they wait for."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.messaging import counters, enrollment_messages, outcomes, sources, statuses
from models.messaging.enrollment_messages import EnrollmentMessage
from models.messaging.message_states import MessageStatus
from models.messaging.provider_events import Receipt, StatusEvent
from models.messaging.sources import MessageSource, of_broadcast, of_workflow
from models.segments import workspace_settings
from permissions.principal import Scope
from tests.kit.broadcasts import a_draft, a_segment, a_sender, people, template
from tests.models.messaging.claims import claim_of, sending, sent

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(**later: float) -> datetime:
    moment = NOON + timedelta(**later)
    clock.set_source(lambda: moment)
    return moment


@pytest.fixture
async def scope(database: str) -> Scope:
    at()
    return await a_sender()


async def a_node(scope: Scope, number: int = 7, *, ignores_cap: bool = False) -> MessageSource:
    chosen, source = await template(scope, "greeting"), of_workflow(number)
    message = {"name": chosen.name, "language": chosen.language, "slots": []}
    await sources.begin(
        scope.workspace_id, source, message, chosen.id, chosen.business_account_id, ignores_cap=ignores_cap
    )
    await counters.begin(scope.workspace_id, source, 0)
    return source


async def add(scope: Scope, source: MessageSource, contact_ids: list[int], visit: int = 1, closes_at=None):
    rows = await db.fetch("SELECT id, phone FROM contacts WHERE id = ANY ($1::bigint[])", contact_ids)
    messages = [
        EnrollmentMessage(row["id"] + 1000, visit, row["id"], row["phone"], ["Ana", None], closes_at) for row in rows
    ]
    async with db.transaction():
        return await enrollment_messages.add(scope.workspace_id, source, messages, clock.now())


async def signals() -> list[tuple[str, int | None, str]]:
    rows = await db.fetch("SELECT source, detail FROM workflow_signals ORDER BY id")
    details = [db.load_json(row["detail"]) for row in rows]
    return [(row["source"], one["enrollment"], one["status"]) for row, one in zip(rows, details, strict=True)]


async def test_an_arrival_has_one_message_however_often_it_is_written(scope: Scope):
    source, ids = await a_node(scope), await people(scope, 3)
    first = await add(scope, source, ids)
    assert await add(scope, source, ids) == first
    assert len(await add(scope, source, ids[:1], visit=2)) == 1
    counted = await counters.of(scope.workspace_id, source.kind, [source.id])
    assert counted[source.id]["pending"] == 4
    (attempt, *_) = (await claim_of(scope, source)).attempts
    assert attempt.parameters == ["Ana", None]


async def test_two_people_with_one_number_get_a_message_each(scope: Scope):
    source, ids = await a_node(scope), await people(scope, 2)
    shared = [EnrollmentMessage(contact_id + 1000, 1, contact_id, "+34600000001", []) for contact_id in ids]
    async with db.transaction():
        assert len(await enrollment_messages.add(scope.workspace_id, source, shared, NOON)) == 2


async def test_workflows_hear_what_became_of_their_messages(scope: Scope):
    source, (contact_id,) = await a_node(scope), await people(scope, 1)
    await add(scope, source, [contact_id])
    (attempt,) = (await claim_of(scope, source)).attempts
    await outcomes.settle(scope.workspace_id, [sent(attempt)])
    reference = statuses.reference_of(attempt.id)
    told = [StatusEvent("1", f"wamid.{attempt.id}", one, NOON, reference) for one in (Receipt.DELIVERED, Receipt.READ)]
    async with db.transaction():
        await statuses.process(scope.workspace_id, told)
    own = contact_id + 1000
    assert await signals() == [("message", own, "SENT"), ("message", own, "DELIVERED"), ("message", own, "READ")]


async def test_who_opted_out_is_skipped_and_an_attempt_whose_worker_died_is_unconfirmed(scope: Scope):
    source, ids = await a_node(scope), await people(scope, 2)
    await add(scope, source, ids)
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", ids[0])
    await claim_of(scope, source, seconds=10)
    at(seconds=11)
    await outcomes.expire_leases(scope.workspace_id, source)
    assert sorted(await signals()) == [
        ("message", ids[0] + 1000, "SKIPPED"),
        ("message", ids[1] + 1000, "UNCONFIRMED"),
    ]


async def test_broadcasts_are_heard_of_only_when_somebody_listens(scope: Scope):
    segments = [await a_segment(scope, await people(scope, 1, first=n), str(n)) for n in (10, 20)]
    first, second = [await sending(scope, await a_draft(scope, one)) for one in segments]
    await db.execute(
        "INSERT INTO workflow_sources (workspace_id, source, workflow_id, number) VALUES ($1, $2, 1, 1)",
        scope.workspace_id,
        f"message:broadcast:{second.id}",
    )
    attempts = (await claim_of(scope, of_broadcast(first.id), of_broadcast(second.id))).attempts
    await outcomes.settle(scope.workspace_id, [sent(one) for one in attempts])
    assert await signals() == [(f"message:broadcast:{second.id}", None, "SENT")]


async def test_nothing_is_sent_once_the_window_has_closed_until_it_is_put_off(scope: Scope):
    source, ids = await a_node(scope), await people(scope, 1)
    (message_id,) = (await add(scope, source, ids, closes_at=NOON + timedelta(hours=1))).values()
    at(hours=1)
    assert not (await claim_of(scope, source)).attempts
    assert not await sources.has_due(scope.workspace_id)
    await enrollment_messages.put_off(scope.workspace_id, {message_id: (NOON + timedelta(hours=20), None)})
    assert not (await claim_of(scope, source)).attempts
    at(hours=20)
    assert len((await claim_of(scope, source)).attempts) == 1


async def test_the_cap_makes_a_message_wait_unless_its_node_ignores_it(scope: Scope):
    await workspace_settings.update(scope, {"message_cap": (1, "PT2H")})
    node, urgent, ids = await a_node(scope), await a_node(scope, 8, ignores_cap=True), await people(scope, 1)
    await add(scope, node, ids)
    assert len((await claim_of(scope, node)).attempts) == 1
    await add(scope, node, ids, visit=2)
    at(minutes=1)
    assert not (await claim_of(scope, node)).attempts
    state = await db.fetch_row("SELECT status, reason FROM messages WHERE status = 'PENDING'")
    assert state is not None
    assert "this would be one more" in state["reason"]
    await add(scope, urgent, ids, visit=3)
    at(minutes=2)
    assert len((await claim_of(scope, node, urgent)).attempts) == 1, "the one that ignores the cap"
    at(hours=3)
    assert len((await claim_of(scope, node)).attempts) == 1


async def test_what_is_withdrawn_is_not_sent_and_what_is_under_way_is(scope: Scope):
    source, ids = await a_node(scope), await people(scope, 2)
    await add(scope, source, ids[:1])
    (attempt,) = (await claim_of(scope, source)).attempts
    found = await add(scope, source, ids)
    async with db.transaction():
        withdrawn = await outcomes.withdraw(scope.workspace_id, list(found.values()), "It went another way.")
    assert withdrawn == set(found.values()) - {attempt.id}
    assert not (await claim_of(scope, source)).attempts
    states = await enrollment_messages.states(scope.workspace_id, list(found.values()))
    assert {one.status for one in states.values()} == {MessageStatus.SENDING, MessageStatus.SKIPPED}
