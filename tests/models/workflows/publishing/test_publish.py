"""Publishing while people are inside: who stays, who is moved, who ends, and who wakes when."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from models import db
from models.contacts import activities, fields
from models.contacts.activities import NewActivity
from models.contacts.selections import ContactSelection
from models.errors import Conflict, Forbidden, InUse, Invalid, NotAllowedInState, Problems
from models.rules.duration import Duration
from models.rules.tree import FieldType
from models.segments import segments, uses
from models.workflows import drafts, versions
from models.workflows.lifecycle import contacts
from models.workflows.publishing import publish as publishing
from models.workflows.publishing.preview import Move, preview
from models.workflows.publishing.publish import Answers, publish
from models.workflows.states import EnrolledContactsPolicy, WorkflowStatus
from permissions.capabilities import Permission
from permissions.principal import Scope
from tests.kit.segments import members_of, new_contacts, static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of, wait_of
from tests.kit.workflow_runs import Clock, activated, finished, published, standing_clock
from tests.kit.workflows import assert_figures_add_up, ends_of, inside, moved, steps_of
from tests.kit.workspaces import new_workspace, with_permissions

MOVE, EXIT, FINISH = (
    EnrolledContactsPolicy.MOVE,
    EnrolledContactsPolicy.EXIT,
    EnrolledContactsPolicy.FINISH_OLD_VERSION,
)


@pytest.fixture
def time() -> Iterator[Clock]:
    with standing_clock() as clock:
        yield clock


async def enter(scope: Scope, workflow_id: int, count: int = 1) -> list[int]:
    ids = await new_contacts(scope, count)
    await contacts.add(scope, workflow_id, ContactSelection(ids=tuple(ids)))
    await moved(scope)
    return ids


async def wakes(scope: Scope) -> list[datetime | None]:
    rows = await db.fetch("SELECT wake_at FROM enrollments WHERE workspace_id = $1 ORDER BY id", scope.workspace_id)
    return [row["wake_at"] for row in rows]


async def test_a_first_publish_makes_a_version_that_is_never_changed(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow = await drafts.create(scope, "Welcome", graph_json=graph_of(wait_of("wait", "P1D", "end"), end_of()))
    shown, done, job = await published(scope, workflow.id)
    assert (shown.inside, shown.stay, shown.moves, shown.exits, job) == (0, 0, [], 0, None)
    assert (done.status, done.published_number) == (WorkflowStatus.DRAFT, 1)
    await drafts.update(scope, workflow.id, {"graph": graph_of(end_of())})
    version = await versions.find(scope, workflow.id, 1)
    assert version is not None
    assert [node["key"] for node in version.graph["nodes"]] == ["wait", "end"]
    restored = await drafts.restore_version(scope, workflow.id, 1)
    assert restored.draft == version.graph


async def test_a_node_that_keeps_its_key_keeps_its_people_and_figures(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(wait_of("wait", "P3D", "end"), end_of()))
    (person,) = await enter(scope, workflow_id)
    until = await wakes(scope)
    time.wait(days=1)
    graph = graph_of(wait_of("wait", "P3D", "tag"), node_of("tag", "tagsChange", add=["x"], next="end"), end_of())
    shown, _, _ = await published(scope, workflow_id, graph)
    assert (shown.inside, shown.stay, shown.wakes_moved) == (1, 1, 0)
    assert await wakes(scope) == until
    time.wait(days=2)
    await moved(scope)
    assert await steps_of(scope, person) == [("wait", "waits"), ("wait", "next"), ("tag", "next"), ("end", "done")]
    await assert_figures_add_up(scope)


async def test_a_shorter_wait_wakes_those_past_it_spread_and_a_longer_one_lets_them_wait(
    database: str, time: Clock
) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(wait_of("wait", "P7D", "end"), end_of()))
    await enter(scope, workflow_id, 3)
    time.wait(days=3)
    (late,) = await enter(scope, workflow_id)
    shown, _, _ = await published(
        scope, workflow_id, graph_of(wait_of("wait", "P2D", "end"), end_of()), spread=Duration(seconds=600)
    )
    assert (shown.stay, shown.wakes_moved, shown.wakes_now) == (4, 4, 3)
    woken = await wakes(scope)
    assert all(moment and time.now <= moment <= time.now + timedelta(minutes=10) for moment in woken[:3])
    assert len(set(woken)) == 4, "they do not all wake at once"
    assert woken[3] == time.now + timedelta(days=2)
    time.wait(minutes=10)
    await moved(scope)
    assert [contact for contact, _, _ in await inside(scope, workflow_id)] == [late]
    shown, _, _ = await published(scope, workflow_id, graph_of(wait_of("wait", "P9D", "end"), end_of()))
    assert (shown.wakes_moved, shown.wakes_now) == (1, 0)
    assert await wakes(scope) == [time.now - timedelta(minutes=10) + timedelta(days=9)]
    await assert_figures_add_up(scope)


async def test_those_at_a_deleted_node_go_where_the_publisher_says_or_end(database: str, time: Clock) -> None:
    scope = await new_workspace()
    kept = await static_segment(scope)
    split = node_of(
        "split",
        "split",
        shares=[{"name": "a", "percent": 50, "next": "one"}, {"name": "b", "percent": 50, "next": "two"}],
    )
    graph = graph_of(split, wait_of("one", "P7D", "end"), wait_of("two", "P7D", "end"), end_of())
    workflow_id = await activated(scope, graph)
    await enter(scope, workflow_id, 8)
    at = {key: [one for one, where, _ in await inside(scope, workflow_id) if where == key] for key in ("one", "two")}
    new = graph_of(node_of("add", "segmentAdd", segmentId=kept.id, next="end"), end_of())
    shown, _, _ = await published(scope, workflow_id, new, moves={"one": "add"})
    assert shown.moves == [Move("one", "add", len(at["one"])), Move("two", None, len(at["two"]))]
    assert (shown.inside, shown.stay, shown.exits) == (8, 0, len(at["two"]))
    await moved(scope)
    assert await members_of(scope, kept) == set(at["one"])
    assert sorted(await ends_of(scope, workflow_id)) == sorted(
        [(one, "REACHED_END") for one in at["one"]] + [(one, "NODE_DELETED") for one in at["two"]]
    )
    assert (await steps_of(scope, at["one"][0]))[-3:] == [("one", "moved"), ("add", "next"), ("end", "done")]
    await assert_figures_add_up(scope)


async def test_many_are_changed_by_a_job_and_who_is_met_before_is_moved_at_once(
    database: str, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "AT_ONCE", 2)
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(wait_of("wait", "P7D", "end"), end_of()))
    people = await enter(scope, workflow_id, 5)
    _, _, job = await published(
        scope, workflow_id, graph_of(wait_of("other", "P1D", "end"), end_of()), moves={"wait": "other"}
    )
    assert job is not None
    assert job.total == 5
    with pytest.raises(NotAllowedInState):
        await published(scope, workflow_id)
    time.wait(days=7)  # they fall due before the job has begun
    await moved(scope)
    assert {where for _, where, _ in await inside(scope, workflow_id)} == {"other"}
    assert (await finished(scope, job)).status == "SUCCEEDED"
    time.wait(days=1)
    await moved(scope)
    assert await ends_of(scope, workflow_id) == [(one, "REACHED_END") for one in people]
    await assert_figures_add_up(scope)


async def test_who_is_met_because_of_time_alone_is_moved_too(
    database: str, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "AT_ONCE", 0)
    scope = await new_workspace()
    fresh = {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": "PT10M"}}
    other = {"field": {"field": "score", "operator": "GTE", "value": 50}}
    more = {"exits": [{"rule": {"all": [fresh, other]}}]}
    workflow_id = await activated(scope, graph_of(wait_of("wait", "P7D", "end"), end_of(), **more))
    (person,) = await new_contacts(scope, 1, last_interaction_at=time.now)
    await contacts.add(scope, workflow_id, ContactSelection(ids=(person,)))
    await moved(scope)
    after = graph_of(wait_of("other", "P1D", "end"), end_of(), **more)
    _, _, job = await published(scope, workflow_id, after, moves={"wait": "other"})
    time.wait(minutes=11)
    await moved(scope)
    assert job is not None
    await finished(scope, job)
    await moved(scope)
    assert await inside(scope, workflow_id) == [(person, "other", "WAITING")]
    await assert_figures_add_up(scope)


PURCHASE, VISIT = {"activity": {"kind": "purchase"}}, {"activity": {"kind": "product.visit"}}


@pytest.mark.parametrize(("now_awaited", "stands"), [([VISIT], "wait"), ([VISIT, PURCHASE], None), ([PURCHASE], None)])
async def test_what_happened_before_an_edit_counts_for_the_waits_that_still_want_it(
    database: str, time: Clock, now_awaited: list[dict[str, Any]], stands: str | None
) -> None:
    def waiting_for(*events: dict[str, Any]) -> dict[str, Any]:
        wait = node_of("wait", "waitFor", any=list(events), lookBack=True, timeout="P1D", next="end", timedOut="end")
        return graph_of(wait_of("first", "P1D", "wait"), wait, end_of())

    scope = await new_workspace()
    workflow_id = await activated(scope, waiting_for(PURCHASE))
    (person,) = await enter(scope, workflow_id)
    await activities.record(scope, [NewActivity("purchase", person)])
    await moved(scope)
    await published(scope, workflow_id, waiting_for(*now_awaited))
    time.wait(days=1)
    await moved(scope)
    assert [where for _, where, _ in await inside(scope, workflow_id)] == ([stands] if stands else [])
    await assert_figures_add_up(scope)


async def test_those_inside_may_finish_by_the_old_version(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(wait_of("wait", "P1D", "end"), end_of(outcome="old")))
    (first,) = await enter(scope, workflow_id)
    shown, _, _ = await published(scope, workflow_id, graph_of(end_of("only", "new")), FINISH)
    assert (shown.inside, shown.stay, shown.moves) == (1, 1, [])
    (second,) = await enter(scope, workflow_id)
    assert await versions.inside(scope, [workflow_id]) == {(workflow_id, 1): 1, (workflow_id, 2): 0}
    time.wait(days=1)
    await moved(scope)
    assert (await steps_of(scope, first))[-1] == ("end", "old")
    assert await steps_of(scope, second) == [("only", "new")]
    await assert_figures_add_up(scope)


@pytest.mark.parametrize("at_once", [2_000, 1])
async def test_those_inside_may_be_put_out(
    database: str, time: Clock, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(publishing, "AT_ONCE", at_once)
    scope = await new_workspace()
    graph = graph_of(wait_of("wait", "P1D", "end"), end_of())
    workflow_id = await activated(scope, graph)
    people = await enter(scope, workflow_id, 3)
    shown, _, job = await published(scope, workflow_id, graph, EXIT)
    assert (shown.exits, shown.stay, shown.moves) == (3, 0, [])
    time.wait(days=1)
    await moved(scope)
    if job is not None:
        await finished(scope, job)
    assert sorted(await ends_of(scope, workflow_id)) == [(one, "REMOVED") for one in people]
    await assert_figures_add_up(scope)


async def test_a_publish_is_bound_to_what_its_preview_counted(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(wait_of("wait", "P1D", "end"), end_of()))
    await enter(scope, workflow_id, 2)
    await drafts.update(scope, workflow_id, {"graph": graph_of(end_of("only"))})
    shown = await preview(scope, workflow_id, MOVE, {})
    assert shown.exits == 2
    for enrolled, moves in ((EXIT, {}), (FINISH, {}), (MOVE, {"wait": "only"})):
        with pytest.raises(Conflict):
            await publish(scope, workflow_id, Answers(shown.token, enrolled, moves))
    for token in ("", "nonsense", shown.token[:-3]):
        with pytest.raises(Conflict):
            await publish(scope, workflow_id, Answers(token))
    await enter(scope, workflow_id)
    with pytest.raises(Conflict):
        await publish(scope, workflow_id, Answers(shown.token))
    shown = await preview(scope, workflow_id, MOVE, {})
    await drafts.update(scope, workflow_id, {"graph": graph_of(end_of("other"))})
    with pytest.raises(Conflict):
        await publish(scope, workflow_id, Answers(shown.token))
    assert (await drafts.get(scope, workflow_id)).published_number == 1
    await publish(scope, workflow_id, Answers((await preview(scope, workflow_id, MOVE, {})).token))


async def test_what_blocks_is_not_published_and_says_where(database: str, time: Clock) -> None:
    scope = await new_workspace()
    workflow_id = await activated(scope, graph_of(wait_of("wait", "P1D", "end"), end_of()))
    await enter(scope, workflow_id)
    with pytest.raises(Problems) as raised:
        await published(scope, workflow_id, graph_of(wait_of("wait", "P1D", "nowhere"), end_of()))
    assert 'node "wait"' in str(raised.value)
    with pytest.raises(Problems) as raised:
        await published(scope, workflow_id, graph_of(end_of("only")), moves={"wait": "nowhere", "x": "only"})
    assert [error.path for error in raised.value.errors] == [("moves", "0", "toKey"), ("moves", "1", "fromKey")]
    with pytest.raises(Invalid):
        await published(scope, workflow_id, graph_of(end_of("only")), spread=Duration(days=30))
    assert (await drafts.get(scope, workflow_id)).published_number == 1


async def test_a_publisher_may_do_what_the_nodes_do(database: str, time: Clock) -> None:
    scope = await new_workspace()
    kept = await static_segment(scope)
    graph = graph_of(node_of("add", "segmentAdd", segmentId=kept.id, next="end"), end_of())
    workflow = await drafts.create(scope, "Welcome", graph_json=graph)
    writer = with_permissions(scope, Permission.WORKFLOW_READ, Permission.WORKFLOW_WRITE)
    with pytest.raises(Forbidden, match="SEGMENT_WRITE"):
        await published(writer, workflow.id)
    permitted = with_permissions(scope, Permission.WORKFLOW_WRITE, Permission.SEGMENT_WRITE)
    _, done, _ = await published(permitted, workflow.id)
    assert done.published_number == 1


async def test_a_segment_that_a_running_workflow_uses_is_not_deleted(database: str, time: Clock) -> None:
    scope = await new_workspace()
    kept, other = await static_segment(scope), await static_segment(scope, name="Other")
    graph = graph_of(node_of("add", "segmentAdd", segmentId=kept.id, next="end"), end_of())
    workflow_id = await activated(scope, graph)
    with pytest.raises(InUse):
        await segments.delete(scope, kept.id)
    new = graph_of(node_of("add", "segmentAdd", segmentId=other.id, next="end"), end_of())
    await published(scope, workflow_id, new)
    await segments.delete(scope, kept.id)
    assert [use.label for use in await uses.in_use(scope, other.id)] == ["Welcome"]


async def test_a_field_that_a_running_workflow_uses_is_not_deleted(database: str, time: Clock) -> None:
    scope = await new_workspace()
    field = await fields.create(scope, key="points", label="Points", kind=FieldType.NUMBER)
    counting = node_of("count", "fieldSet", field="attributes.points", increment=1, next="end")
    workflow_id = await activated(scope, graph_of(counting, end_of()))
    with pytest.raises(InUse, match="Welcome"):
        await fields.delete(scope, field.id)
    await published(scope, workflow_id, graph_of(end_of()))
    await fields.delete(scope, field.id)
