"""Activation, pause, resume, drain and archive."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from models import db
from models.contacts.selections import ContactSelection
from models.errors import Invalid, NotAllowedInState, NotFound, Unsupported
from models.membership import manual_changes
from models.membership.origins import Origin
from models.queue import jobs
from models.segments import segments
from models.workflows import drafts, engine_lock, pausing
from models.workflows.graph.actions import LatePolicy
from models.workflows.lifecycle import activation, commands, contacts, retire
from models.workflows.lifecycle.activation import Activation
from models.workflows.states import EnrollmentState, WorkflowStatus
from permissions.principal import Scope
from tests.kit.segments import dynamic_segment, new_contacts, static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of, trigger_of, wait_of
from tests.kit.workflow_runs import Clock, activated, finished, published, standing_clock
from tests.kit.workflows import assert_figures_add_up, ends_of, inside, moved, steps_of, turned_away
from tests.kit.workspaces import new_workspace

WAITING = graph_of(wait_of("wait", "P1D", "end"), end_of())


@pytest.fixture
def time() -> Iterator[Clock]:
    with standing_clock() as clock:
        yield clock


async def enter(scope: Scope, workflow_id: int, count: int = 1) -> list[int]:
    ids = await new_contacts(scope, count)
    await contacts.add(scope, workflow_id, ContactSelection(ids=tuple(ids)))
    await moved(scope)
    return ids


async def status(scope: Scope, workflow_id: int) -> str:
    return (await drafts.get(scope, workflow_id)).status


# ---------------------------------------------------------------- activation


async def test_only_what_is_published_can_be_activated(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow = await drafts.create(scope, "Welcome", graph_json=WAITING)
    with pytest.raises(NotAllowedInState):
        await activation.activate(scope, workflow.id, Activation())
    await published(scope, workflow.id)
    with pytest.raises(NotAllowedInState):
        await contacts.add(scope, workflow.id, ContactSelection(ids=tuple(await new_contacts(scope, 1))))
    done, job = await activation.activate(scope, workflow.id, Activation())
    assert (done.status, done.activated_at, job) == (WorkflowStatus.ACTIVE, time.now, None)


async def test_existing_members_enter_by_a_job_and_only_once(
    database: str, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.workflows.lifecycle.long_work.CHUNK", 2)
    scope = await new_workspace()
    people = await new_contacts(scope, 5)
    chosen = await static_segment(scope, people)
    graph = graph_of(*WAITING["nodes"], triggers=[trigger_of("in", segmentEntered=chosen.id)])
    workflow = await drafts.create(scope, "Welcome", graph_json=graph)
    await published(scope, workflow.id)
    _, job = await activation.activate(scope, workflow.id, Activation(existing=True))
    assert job is not None
    assert job.total == 5
    done = await finished(scope, job)
    assert (done.status, done.done, done.progress["changed"]) == ("SUCCEEDED", 5, 5)
    (late,) = await new_contacts(scope, 1)
    await manual_changes.change_members(scope, chosen.id, add=[late], origin=Origin.MANUAL)
    await moved(scope)
    assert [contact for contact, _, _ in await inside(scope, workflow.id)] == [*people, late]
    _, job = await activation.activate(scope, workflow.id, Activation(existing=True))
    assert job is not None
    assert (await finished(scope, job)).progress["changed"] == 0
    await assert_figures_add_up(scope)


async def test_testers_alone_enter_until_it_is_opened_to_everybody(database: str, time: Clock) -> None:
    scope = await new_workspace()
    tester, other = await new_contacts(scope, 2)
    testers = await static_segment(scope, [tester], "Testers")
    workflow_id = await activated(scope, WAITING, wanted=Activation(test_segment_id=testers.id))
    added = await contacts.add(scope, workflow_id, ContactSelection(ids=(tester, other)))
    assert added.changed == 1
    assert await turned_away(scope, workflow_id) == {other: "NOT_A_TESTER"}
    await activation.activate(scope, workflow_id, Activation())
    assert (await contacts.add(scope, workflow_id, ContactSelection(ids=(other,)))).changed == 1
    dynamic = await dynamic_segment(scope, built=False)
    for segment_id, error in ((dynamic.id, Unsupported), (99, NotFound)):
        with pytest.raises(error):
            await activation.activate(scope, workflow_id, Activation(test_segment_id=segment_id))


async def test_a_later_activation_takes_place_at_its_moment(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow = await drafts.create(scope, "Welcome", graph_json=WAITING)
    await published(scope, workflow.id)
    for wrong in (timedelta(days=-1), timedelta(days=400)):
        with pytest.raises(Invalid):
            await activation.activate(scope, workflow.id, Activation(at=time.now + wrong))
    done, _ = await activation.activate(scope, workflow.id, Activation(at=time.now + timedelta(hours=1)))
    assert (done.status, done.activates_at) == (WorkflowStatus.DRAFT, time.now + timedelta(hours=1))
    assert await activation.activate_due() == []
    assert (await commands.pause(scope, workflow.id)).activates_at is None
    await activation.activate(scope, workflow.id, Activation(at=time.now + timedelta(hours=1)))
    time.wait(hours=1)
    assert await activation.activate_due() == [(scope.workspace_id, workflow.id)]
    assert await status(scope, workflow.id) == "ACTIVE"
    assert await activation.activate_due() == []


# ---------------------------------------------------------------- pause and resume


async def test_a_pause_loses_nobody_and_nothing_that_falls_due(database: str, time: Clock) -> None:
    scope = await new_workspace()
    chosen = await static_segment(scope)
    graph = graph_of(*WAITING["nodes"], triggers=[trigger_of("in", segmentEntered=chosen.id)])
    workflow_id = await activated(scope, graph)
    first, second = await new_contacts(scope, 2)
    await manual_changes.change_members(scope, chosen.id, add=[first], origin=Origin.MANUAL)
    await moved(scope)
    await commands.pause(scope, workflow_id)
    assert (await commands.pause(scope, workflow_id)).reason == "Paused by a person."
    with pytest.raises(NotAllowedInState):
        await activation.activate(scope, workflow_id, Activation())
    await manual_changes.change_members(scope, chosen.id, add=[second], origin=Origin.MANUAL)
    time.wait(days=2)
    await moved(scope)
    assert {state for _, _, state in await inside(scope, workflow_id)} == {"HELD"}
    assert len(await inside(scope, workflow_id)) == 2
    await commands.resume(scope, workflow_id)
    await moved(scope)
    assert [one for one, _ in await ends_of(scope, workflow_id)] == [first]
    time.wait(days=1)
    await moved(scope)
    assert [one for one, _ in await ends_of(scope, workflow_id)] == [first, second]
    await assert_figures_add_up(scope)


@pytest.mark.parametrize("at_once", [5_000, 0])
async def test_those_that_fell_due_during_a_pause_can_be_skipped_or_ended(
    database: str, time: Clock, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(commands, "AT_ONCE", at_once)
    for policy, last in ((LatePolicy.SKIP, ("skipped", "done")), (LatePolicy.END, ("wait", "REMOVED"))):
        scope = await new_workspace(policy.value)
        until = (time.now + timedelta(hours=2)).isoformat()
        waiting = node_of("wait", "waitUntil", at=until, next="end", skip="skipped")
        workflow_id = await activated(scope, graph_of(waiting, end_of(), end_of("skipped")))
        (person,) = await enter(scope, workflow_id)
        time.wait(hours=1)
        await commands.pause(scope, workflow_id)
        (new,) = await enter(scope, workflow_id)
        time.wait(hours=2)
        await commands.resume(scope, workflow_id, policy)
        for job in await jobs.unfinished_of_workflow(scope, workflow_id):
            await finished(scope, job)
        assert await status(scope, workflow_id) == "ACTIVE"
        await moved(scope)
        assert (await steps_of(scope, person))[-1] == last
        assert (await steps_of(scope, new))[-1] == ("end", "done")
        await assert_figures_add_up(scope)


async def changes_its_date(scope: Scope, workflow_id: int, person: int, time: Clock) -> None:
    await db.execute("UPDATE contacts SET last_interaction_at = $2 WHERE id = $1", person, time.now)


async def moves_to_another_zone(scope: Scope, workflow_id: int, person: int, time: Clock) -> None:
    await db.execute("UPDATE contacts SET timezone = 'Asia/Tokyo' WHERE id = $1", person)


async def finds_its_wait_edited(scope: Scope, workflow_id: int, person: int, time: Clock) -> None:
    await published(scope, workflow_id, graph_of(until_a_date("P4D"), end_of(), zone="CONTACT"))


def until_a_date(offset: str) -> dict[str, Any]:
    return node_of("wait", "waitUntil", field="last_interaction_at", offset=offset, time="10:00", next="end")


@pytest.mark.parametrize("what", [changes_its_date, moves_to_another_zone, finds_its_wait_edited])
@pytest.mark.parametrize("engine_has_looked", [True, False])
async def test_who_is_not_due_at_the_end_of_a_pause_waits_on(
    database: str, time: Clock, what: Callable[..., Awaitable[None]], engine_has_looked: bool
) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(until_a_date("P3D"), end_of(), zone="CONTACT"))
    (person,) = await new_contacts(scope, 1, last_interaction_at=time.now)
    await contacts.add(scope, workflow_id, ContactSelection(ids=(person,)))
    await moved(scope)
    time.wait(hours=1)
    await commands.pause(scope, workflow_id)
    time.wait(hours=1)
    await what(scope, workflow_id, person, time)
    if engine_has_looked:
        await moved(scope)
    await commands.resume(scope, workflow_id, LatePolicy.END)
    await moved(scope)
    assert await inside(scope, workflow_id) == [(person, "wait", "WAITING")]
    time.wait(days=5)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(person, "REACHED_END")]
    await assert_figures_add_up(scope)


async def test_who_is_held_by_a_pause_falls_due_in_it_all_the_same(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(until_a_date("P1D"), end_of(), zone="CONTACT"))
    (person,) = await new_contacts(scope, 1, last_interaction_at=time.now)
    await contacts.add(scope, workflow_id, ContactSelection(ids=(person,)))
    await moved(scope)
    time.wait(hours=1)
    await commands.pause(scope, workflow_id)
    await moves_to_another_zone(scope, workflow_id, person, time)
    await moved(scope)
    assert await inside(scope, workflow_id) == [(person, "wait", "HELD")]
    time.wait(days=3)
    await moved(scope)
    await commands.resume(scope, workflow_id, LatePolicy.END)
    assert await ends_of(scope, workflow_id) == [(person, "REMOVED")]
    await assert_figures_add_up(scope)


async def test_an_event_during_a_pause_is_no_reason_to_end(database: str, time: Clock) -> None:
    scope = await new_workspace()
    tagged = node_of("wait", "waitFor", any=[{"tagAdded": "vip"}], timeout="P1D", next="end", timedOut="late")
    workflow_id = await activated(scope, graph_of(tagged, end_of(), end_of("late", "late")))
    (person,) = await enter(scope, workflow_id)
    time.wait(hours=1)
    await commands.pause(scope, workflow_id)
    await db.execute("UPDATE contacts SET tags = '{vip}' WHERE id = $1", person)
    await moved(scope)
    await commands.resume(scope, workflow_id, LatePolicy.END)
    await moved(scope)
    assert (await steps_of(scope, person))[-2:] == [("wait", "next"), ("end", "done")]


# ---------------------------------------------------------------- drain and archive


async def test_a_draining_workflow_lets_nobody_in_and_archives_itself(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, WAITING)
    (person,) = await enter(scope, workflow_id)
    await commands.drain(scope, workflow_id)
    with pytest.raises(NotAllowedInState):
        await enter(scope, workflow_id)
    await retire.retire(scope.workspace_id)
    assert await status(scope, workflow_id) == "DRAINING"
    time.wait(days=1)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(person, "REACHED_END")]
    assert await retire.to_retire() == [scope.workspace_id]
    await retire.retire(scope.workspace_id)
    assert await status(scope, workflow_id) == "ARCHIVED"
    assert await retire.to_retire() == []


async def test_one_that_pauses_by_itself_while_it_drains_drains_on(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, WAITING)
    (person,) = await enter(scope, workflow_id)
    await commands.drain(scope, workflow_id)
    async with db.transaction():
        await engine_lock.take(scope.workspace_id)
        assert await pausing.pause_by_itself(scope.workspace_id, workflow_id, "The template is gone.")
    assert await status(scope, workflow_id) == "PAUSED"
    with pytest.raises(NotAllowedInState, match="this workflow is PAUSED while it drains"):
        await enter(scope, workflow_id)
    await commands.resume(scope, workflow_id)
    assert await status(scope, workflow_id) == "DRAINING"
    time.wait(days=1)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(person, "REACHED_END")]


@pytest.mark.parametrize("at_once", [5_000, 1])
async def test_an_archived_workflow_has_nobody_inside(
    database: str, time: Clock, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(commands, "AT_ONCE", at_once)
    scope = await new_workspace()
    workflow_id = await activated(scope, WAITING)
    people = await enter(scope, workflow_id, 3)
    await commands.archive(scope, workflow_id)
    for job in await jobs.unfinished_of_workflow(scope, workflow_id):
        await finished(scope, job)
    assert sorted(await ends_of(scope, workflow_id)) == [(one, "ARCHIVED") for one in people]
    with pytest.raises(NotAllowedInState):
        await activation.activate(scope, workflow_id, Activation())
    await assert_figures_add_up(scope)


async def test_a_workflow_without_its_segment_is_paused_and_says_so(database: str, time: Clock) -> None:
    scope = await new_workspace()
    kept = await static_segment(scope, name="Kept")
    graph = graph_of(node_of("add", "segmentAdd", segmentId=kept.id, next="end"), end_of())
    workflow_id = await activated(scope, graph)
    await segments.delete(scope, kept.id, force=True)
    assert await retire.to_retire() == [scope.workspace_id]
    await retire.retire(scope.workspace_id)
    workflow = await drafts.get(scope, workflow_id)
    assert workflow.status == WorkflowStatus.PAUSED
    assert workflow.reason is not None
    assert "'Kept'" in workflow.reason


# ---------------------------------------------------------------- contacts


async def test_contacts_are_added_once_with_a_key_removed_and_moved(database: str, time: Clock) -> None:
    scope = await new_workspace()
    graph = graph_of(wait_of("wait", "P1D", "end"), end_of(), reentry={"policy": "AFTER_LEAVING"})
    workflow_id = await activated(scope, graph)
    first, second = await new_contacts(scope, 2)
    both = ContactSelection(ids=(first, second))
    assert (await contacts.add(scope, workflow_id, both, idempotency_key="a")).changed == 2
    assert (await contacts.remove(scope, workflow_id, ContactSelection(ids=(first,)))).changed == 1
    assert (await contacts.add(scope, workflow_id, both, idempotency_key="a")).changed == 2
    assert [one for one, _, _ in await inside(scope, workflow_id)] == [second]
    assert (await contacts.add(scope, workflow_id, both, "end", "b")).changed == 1
    assert await ends_of(scope, workflow_id) == [(first, "REMOVED"), (first, "REACHED_END")]
    moved_on = await contacts.move(scope, workflow_id, "wait", "end", EnrollmentState.WAITING)
    assert moved_on.changed == 1
    assert await inside(scope, workflow_id) == []
    for wrong in (("x", "end"), ("wait", "x")):
        with pytest.raises(NotFound):
            await contacts.move(scope, workflow_id, *wrong)
    with pytest.raises(Invalid):
        await contacts.add(scope, workflow_id, both, "nowhere")
    await assert_figures_add_up(scope)


async def test_many_contacts_are_added_moved_and_removed_by_jobs(
    database: str, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contacts, "AT_ONCE", 1)
    monkeypatch.setattr("models.workflows.lifecycle.long_work.CHUNK", 2)
    scope = await new_workspace()
    graph = graph_of(wait_of("wait", "P1D", "end"), end_of(), wait_of("other", "P9D", "end"))
    workflow_id = await activated(scope, graph)
    people = await new_contacts(scope, 5)
    everybody = ContactSelection(ids=tuple(people))
    for ask, done in (
        (lambda: contacts.add(scope, workflow_id, everybody), {(one, "wait") for one in people}),
        (lambda: contacts.move(scope, workflow_id, "wait", "other"), {(one, "other") for one in people}),
        (lambda: contacts.move(scope, workflow_id, "other", "other"), {(one, "other") for one in people}),
        (lambda: contacts.remove(scope, workflow_id, everybody), set()),
    ):
        asked = await ask()
        assert asked.job is not None
        assert (await finished(scope, asked.job)).progress["changed"] == 5
        assert {(one, where) for one, where, _ in await inside(scope, workflow_id)} == done
    await assert_figures_add_up(scope)
