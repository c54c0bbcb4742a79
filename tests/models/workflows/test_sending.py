"""SEND: who gets a message, when, how often, and where the contact goes then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models import clock, db
from models.messaging import inbound, outcomes, sources, statuses
from models.messaging.ledger import Attempt
from models.messaging.message_states import MessageStatus
from models.messaging.outcomes import AttemptOutcome
from models.messaging.policy import Reach
from models.messaging.provider_events import InboundEvent, Receipt, Sender, StatusEvent
from models.messaging.sources import MessageSource, SourceState, Stop, of_workflow
from models.segments import workspace_settings
from models.values.global_ids import to_global_id
from models.workflows import batches, pausing
from models.workflows.messages import senders
from tests.kit.broadcasts import a_sender, people, template
from tests.kit.segments import static_segment
from tests.kit.workflows import assert_figures_add_up, ends_of, graph, inside, moved, node, running, set_status
from tests.models.messaging.claims import claim_of, sent
from tests.models.workflows.test_waits import LATE, PURCHASE, does, put_into, record
from tests.models.workflows.test_waits import outcomes as went
from workers import stops

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""13:00 in Madrid."""

FAILED = node("failed", end={"outcome": "failed"})
END = node("end", end={"outcome": "done"})


def at(**later: float) -> datetime:
    moment = MONDAY + timedelta(**later)
    clock.set_source(lambda: moment)
    return moment


@pytest.fixture
async def scope(database: str):
    at()
    return await a_sender()


async def sending(scope: Any, *, failed: str | None = None, **more: Any) -> tuple[int, Any]:
    """A workflow that greets the members of a segment by their names, and the segment."""
    greeting = await template(scope, "greeting")
    parameters = [{"name": "1", "field": "name", "fallback": "friend"}]
    do = {"templateId": greeting.id, "parameters": parameters, "next": "end", "skipped": "late", "failed": failed}
    do |= {name: more.pop(name) for name in ("requireOptIn", "ignoreCap") if name in more}
    start = await static_segment(scope, name=f"Start {datetime.now(UTC)}")
    nodes = [node("greet", send=do), END, LATE, FAILED]
    entered = {"key": "entered", "on": {"segmentEntered": start.id}}
    return await running(scope, graph([entered], nodes, **more)), start


async def source() -> MessageSource:
    return of_workflow(await db.fetch_value("SELECT max(id) FROM workflow_senders"))


async def attempts(scope: Any) -> list[Attempt]:
    return list((await claim_of(scope, await source(), grant=50)).attempts)


async def settle(scope: Any, attempt: Attempt, status: MessageStatus, **more: Any) -> None:
    await outcomes.settle(scope.workspace_id, [AttemptOutcome(attempt, status, **more)])
    await moved(scope)


async def test_a_message_is_sent_once_and_its_outcome_leads_on(scope):
    workflow_id, start = await sending(scope, failed="failed")
    good, bad, lost = await people(scope, 3)
    await put_into(scope, start, good, bad, lost)
    assert {state for _, _, state in await inside(scope, workflow_id)} == {"WAITING"}
    await moved(scope)
    claimed = {one.phone[-1]: one for one in await attempts(scope)}
    assert [one.parameters for _, one in sorted(claimed.items())] == [["Person 1"], ["Person 2"], ["Person 3"]]
    await settle(scope, claimed["1"], MessageStatus.SENT, message_id="wamid.1")
    await settle(scope, claimed["2"], MessageStatus.FAILED, reason="not on WhatsApp")
    await settle(scope, claimed["3"], MessageStatus.UNCONFIRMED)
    assert await went(scope, bad) == ["greet.failed", "failed.failed"]
    assert await went(scope, lost) == ["greet.next", "end.done"], "it may have gone out, and is not sent again"
    assert await went(scope, good) == [], "it may still fail to arrive"
    at(minutes=2)
    await moved(scope)
    assert await went(scope, good) == ["greet.next", "end.done"]
    assert await attempts(scope) == []
    assert await db.fetch_value("SELECT count(*) FROM messages") == 3
    await assert_figures_add_up(scope)


async def test_who_cannot_or_must_not_get_one_is_skipped_and_says_why(scope):
    workflow_id, start = await sending(scope)
    out, unsure, nobody = (
        (await people(scope, 1, consent="OPTED_OUT", first=1))
        + (await people(scope, 1, consent="UNKNOWN", first=2))
        + (await people(scope, 1, first=3))
    )
    await db.execute("UPDATE contacts SET phone = NULL WHERE id = $1", nobody)
    await put_into(scope, start, out, unsure, nobody)
    rows = await db.fetch("SELECT contact_id, detail FROM workflow_steps WHERE outcome = 'skipped'")
    told = {row["contact_id"]: db.load_json(row["detail"])["reason"] for row in rows}
    assert told == {out: "OPTED_OUT", unsure: "NO_CONSENT", nobody: "NO_PHONE"}
    assert {end for _, end in await ends_of(scope, workflow_id)} == {"REACHED_END"}
    assert not await db.fetch("SELECT 1 FROM messages")


async def test_without_the_need_of_consent_and_of_an_outcome_s_way_one_goes_on(scope):
    _, start = await sending(scope, requireOptIn=False)
    (unsure,) = await people(scope, 1, consent="UNKNOWN")
    await put_into(scope, start, unsure)
    (attempt,) = await attempts(scope)
    await settle(scope, attempt, MessageStatus.FAILED)
    assert await went(scope, unsure) == ["greet.failed", "end.done"], "a failed send stalls nobody"


async def test_a_share_of_all_is_kept_out_for_comparison(scope):
    _, start = await sending(scope, controlPercent=100)
    (contact_id,) = await people(scope, 1)
    await put_into(scope, start, contact_id)
    assert await went(scope, contact_id) == ["greet.skipped", "late.late"]
    assert not await db.fetch("SELECT 1 FROM messages")


WINDOW = {"from": "09:00", "to": "14:00", "weekdays": [1, 2, 3, 4, 5]}


async def test_nothing_is_sent_outside_of_the_window_not_even_what_waited_in_it(scope):
    workflow_id, start = await sending(scope, sendWindow=WINDOW)
    early, slow = await people(scope, 2)
    await put_into(scope, start, slow)
    at(hours=1)
    await moved(scope)
    assert await attempts(scope) == [], "the window closed at 14:00 in Madrid, before its turn came"
    await put_into(scope, start, early)
    assert {one: state for one, _, state in await inside(scope, workflow_id)} == {slow: "WAITING", early: "HELD"}
    at(hours=19, minutes=59)
    await moved(scope)
    assert await attempts(scope) == []
    at(hours=20)
    await moved(scope)
    assert {one.phone[-1] for one in await attempts(scope)} == {"1", "2"}


async def test_who_is_held_by_the_window_passes_the_limit_of_the_node_once(scope):
    greeting = await template(scope, "greeting")
    start = await static_segment(scope, name="Start")
    do = {"templateId": greeting.id, "parameters": [{"name": "1", "text": "you"}], "next": "end"}
    nodes = [node("greet", send=do) | {"limit": {"perContact": 1}}, END]
    entered = {"key": "entered", "on": {"segmentEntered": start.id}}
    await running(scope, graph([entered], nodes, sendWindow=WINDOW))
    (contact_id,) = await people(scope, 1)
    at(hours=3)
    await put_into(scope, start, contact_id)
    at(hours=20)
    await moved(scope)
    assert len(await attempts(scope)) == 1


async def test_the_cap_holds_a_contact_until_it_allows_a_message(scope):
    await workspace_settings.update(scope, {"message_cap": (1, "PT6H")})
    _, start = await sending(scope)
    (contact_id,) = await people(scope, 1)
    await put_into(scope, start, contact_id)
    (attempt,) = await attempts(scope)
    await settle(scope, attempt, MessageStatus.SENT, message_id="wamid.1")
    again, second = await sending(scope)
    at(hours=1)
    await put_into(scope, second, contact_id)
    assert await inside(scope, again) == [(contact_id, "greet", "HELD")]
    assert await db.fetch_value("SELECT wake_at FROM enrollments") == MONDAY + timedelta(hours=6)
    at(hours=6, seconds=1)
    await moved(scope)
    assert len(await attempts(scope)) == 1
    _, third = await sending(scope, ignoreCap=True)
    at(hours=6, seconds=10)
    await put_into(scope, third, contact_id)
    assert len(await attempts(scope)) == 1, "it ignores the cap"


async def test_who_leaves_is_not_written_to_any_more(scope):
    workflow_id, start = await sending(scope, exits=[{"event": PURCHASE}], goal={"event": {"tagAdded": "done"}})
    buyer, tagged = await people(scope, 2)
    await put_into(scope, start, buyer, tagged)
    await does(scope, buyer)
    await db.execute("UPDATE contacts SET tags = '{done}' WHERE id = $1", tagged)
    await moved(scope)
    assert await attempts(scope) == []
    assert dict(await ends_of(scope, workflow_id)) == {buyer: "EXIT_RULE", tagged: "GOAL"}
    assert await db.fetch_value("SELECT count(*) FROM messages WHERE status = 'SKIPPED'") == 2
    await assert_figures_add_up(scope)


async def test_who_buys_just_before_the_message_gets_none(scope):
    """The purchase is in the database, and neither engine has taken it in, when the wait before the message is over."""
    greeting = await template(scope, "greeting")
    start = await static_segment(scope, name="Start")
    send = node("greet", send={"templateId": greeting.id, "parameters": [{"name": "1", "text": "you"}], "next": "end"})
    nodes = [node("pause", wait={"for": "PT5M", "next": "greet"}), send, END]
    entered = {"key": "entered", "on": {"segmentEntered": start.id}}
    workflow_id = await running(scope, graph([entered], nodes, exits=[{"event": PURCHASE}]))
    buyer, other = await people(scope, 2)
    await put_into(scope, start, buyer, other)
    at(minutes=5)
    await record(scope, buyer)
    await batches.process_batch(scope.workspace_id)
    assert {one.phone[-1] for one in await attempts(scope)} == {"2"}
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(buyer, "EXIT_RULE")]


async def test_a_paused_workflow_sends_nothing_and_a_resumed_one_does(scope):
    workflow_id, start = await sending(scope)
    (contact_id,) = await people(scope, 1)
    await put_into(scope, start, contact_id)
    await set_status(scope, workflow_id, "PAUSED")
    await senders.set_state(scope.workspace_id, workflow_id, SourceState.PAUSED)
    assert await attempts(scope) == []
    await set_status(scope, workflow_id, "ACTIVE")
    await senders.set_state(scope.workspace_id, workflow_id, SourceState.SENDING)
    assert len(await attempts(scope)) == 1


async def test_a_stop_of_the_account_and_a_template_that_is_gone_pause_the_workflow(scope):
    stopped, start = await sending(scope)
    one, two = await people(scope, 2)
    await put_into(scope, start, one)
    stop = Stop(Reach.ACCOUNT, await source(), "Paused by itself: WhatsApp said no.")
    async with db.transaction():
        assert await stops.stop(scope.workspace_id, stop) == 1
    assert await attempts(scope) == []
    assert await pausing.stopped() == [scope.workspace_id]
    await pausing.pause_stopped(scope.workspace_id)
    assert await pausing.stopped() == []
    gone, second = await sending(scope)
    await db.execute("UPDATE message_templates SET gone_at = now()")
    await put_into(scope, second, two)
    rows = await db.fetch("SELECT id, status, reason FROM workflows ORDER BY id")
    assert [(row["id"], row["status"]) for row in rows] == [(stopped, "PAUSED"), (gone, "PAUSED")]
    assert rows[0]["reason"] == stop.reason
    assert "WhatsApp has it no longer" in rows[1]["reason"]
    assert await inside(scope, gone) == [(two, "greet", "HELD")], "and nobody was left out"


async def test_what_a_message_comes_to_is_an_event_for_those_who_wait_and_a_trigger(scope):
    greeting = await template(scope, "greeting")
    start, heard = await static_segment(scope, name="Start"), await static_segment(scope, name="Heard")
    send = {"templateId": greeting.id, "parameters": [{"name": "1", "text": "you"}], "next": "wait"}
    read = {"messageStatus": {"nodeKey": "greet", "status": "READ"}}
    nodes = [
        node("greet", send=send),
        node("wait", waitFor={"any": [read], "timeout": "P1D", "next": "end", "timedOut": "late"}),
        END,
        LATE,
    ]
    await running(scope, graph([{"key": "entered", "on": {"segmentEntered": start.id}}], nodes))
    trigger = {"key": "read", "on": {"messageStatus": {"status": "READ"}}}
    add = node("add", segmentAdd={"segmentId": heard.id, "next": "end"})
    await running(scope, graph([trigger], [add, END]), name="Heard")
    reader, other = await people(scope, 2)
    await put_into(scope, start, reader, other)
    claimed = {one.phone[-1]: one for one in await attempts(scope)}
    for attempt in claimed.values():
        await outcomes.settle(scope.workspace_id, [sent(attempt)])
    await moved(scope)
    async with db.transaction():
        await read_by(scope, claimed["1"])
    await moved(scope)
    assert await went(scope, reader) == ["greet.next", "wait.next", "end.done", "add.next", "end.done"]
    assert await went(scope, other) == ["greet.next"]


async def read_by(scope: Any, attempt: Attempt) -> None:
    event = StatusEvent("1", f"wamid.{attempt.id}", Receipt.READ, clock.now(), statuses.reference_of(attempt.id))
    await statuses.process(scope.workspace_id, [event])


async def test_nothing_is_left_of_the_counters(scope):
    _, start = await sending(scope)
    ids = await people(scope, 2)
    await put_into(scope, start, *ids)
    assert [one.source.kind for one in await sources.unfinished()] == ["WORKFLOW"]
    for attempt in await attempts(scope):
        await settle(scope, attempt, MessageStatus.SENT, message_id=f"wamid.{attempt.id}")
    assert await sources.unfinished() == [], "an idle workflow is not looked at each second"


async def test_activities_of_messages_and_answers_name_the_workflow_and_the_node(scope):
    own = await running(scope, graph([{"key": "m", "on": {"manual": True}}], [END]), name="Another")
    workflow_id, start = await sending(scope)
    assert workflow_id == own + 1
    sent_here = [
        {"property": "workflowId", "operator": "EQUALS", "value": to_global_id("Workflow", workflow_id)},
        {"property": "node", "operator": "EQUALS", "value": "greet"},
    ]
    answered = {"activity": {"kind": "message.received", "where": sent_here}}
    watching = await running(scope, graph([{"key": "answered", "on": answered}], [END]), name="Answers")
    (contact_id,) = await people(scope, 1)
    await put_into(scope, start, contact_id)
    (attempt,) = await attempts(scope)
    await settle(scope, attempt, MessageStatus.SENT, message_id="wamid.1")
    read = StatusEvent("1", "wamid.1", Receipt.READ, clock.now(), statuses.reference_of(attempt.id))
    async with db.transaction():
        await statuses.process(scope.workspace_id, [read])
    phone = await db.fetch_value("SELECT phone FROM contacts WHERE id = $1", contact_id)
    for answers in (None, "wamid.1"):
        said = InboundEvent("1", f"in.{answers}", Sender(phone[1:]), clock.now(), "text", text="Yes", answers=answers)
        async with db.transaction():
            await inbound.process(scope.workspace_id, [said], ())
    rows = await db.fetch("SELECT kind, properties FROM activities ORDER BY kind, id")
    named = [(row["kind"], db.load_json(row["properties"]).get("node")) for row in rows]
    own = [("message.read", "greet"), ("message.sent", "greet")]
    assert sorted(named, key=str) == sorted([*own, ("message.received", None), ("message.received", "greet")], key=str)
    await moved(scope)
    assert await ends_of(scope, watching) == [(contact_id, "REACHED_END")], "only the answer to this node's message"


async def test_the_time_for_an_answer_begins_when_the_message_has_gone(scope):
    greeting = await template(scope, "greeting")
    start = await static_segment(scope, name="Start")
    do = {"templateId": greeting.id, "parameters": [{"name": "1", "text": "you"}], "next": "answer"}
    answer = {"any": [{"activity": {"kind": "message.received"}}], "timeout": "PT1H", "next": "end", "timedOut": "late"}
    nodes = [node("greet", send=do), node("answer", waitFor=answer), END, LATE]
    entered = {"key": "entered", "on": {"segmentEntered": start.id}}
    workflow_id = await running(scope, graph([entered], nodes, sendWindow=WINDOW))
    (contact_id,) = await people(scope, 1)
    at(hours=3)
    await put_into(scope, start, contact_id)
    at(hours=19)
    await moved(scope)
    assert await inside(scope, workflow_id) == [(contact_id, "greet", "HELD")], "held by the window, for sixteen hours"
    at(hours=20)
    await moved(scope)
    (attempt,) = await attempts(scope)
    at(hours=20, minutes=30)
    await settle(scope, attempt, MessageStatus.SENT, message_id="wamid.1")
    at(hours=21, minutes=29)
    await moved(scope)
    assert await inside(scope, workflow_id) == [(contact_id, "answer", "WAITING")]
    at(hours=21, minutes=30)
    await moved(scope)
    assert (await went(scope, contact_id))[-2:] == ["answer.timedOut", "late.late"]
