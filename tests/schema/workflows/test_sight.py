"""What a workflow did is seen: figures, enrollments, one contact's way, explanations, and the log of steps, live."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

import pytest

from models import clock
from models.db import execute
from models.membership import manual_changes
from models.membership.origins import Origin as By
from models.messaging import templates
from models.queue import running_jobs
from models.workflows import drafts
from models.workflows.trials import backtest
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.server.ids import split_global_id, to_global_id
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.broadcasts import connected
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of
from tests.kit.workflows import entered, graph, moved, node, running
from tests.kit.workspaces import new_workspace

WORKFLOW = """query ($id: ID!, $at: String, $state: EnrollmentState) { workflow(id: $id) { lagSeconds
    counts { entered inside waiting held failed ended goal ends { end count } turnedAway { reason count } }
    nodeStats { nodeKey label entered inside nextWakeAt medianStaySeconds outcomes { outcome count } messages { sent } }
    enrollments(nodeKey: $at, state: $state) { totalCount nodes {
        id state nodeKey versionNumber trigger test wakesAt end endedAt error explanation workflow { name } contact { name }
        steps(first: 1) { nodes { nodeKey outcome detail } pageInfo { hasNextPage endCursor } } } } } }"""
STEPS = """query ($after: StepCursor, $contact: ID, $first: Int, $ids: [ID!]) {
    workflowSteps(after: $after, contactId: $contact, first: $first, workflowIds: $ids) { cursor hasMore steps {
        cursor nodeKey outcome contactId enrollmentId workflowId versionNumber test contact { name } workflow { name } } } }"""
LIVE = """subscription ($ids: [ID!], $after: StepCursor) { workflowSteps(workflowIds: $ids, after: $after) {
    cursor contactId nodeKey outcome } }"""
EXPLAIN = """query ($workflow: ID!, $contact: ID!) { workflowExplain(workflowId: $workflow, contactId: $contact) {
    mayEnter reasons turnedAwayAt entryRule { holds text } enrollment { state nodeKey } } }"""
PROGRESS = "subscription ($id: ID!) { workflowProgress(id: $id) { status counts { entered inside } } }"


@dataclass
class World:
    scope: Scope
    api: Api
    bearer: str
    workflow: str
    chosen: object
    contacts: list[int]

    async def ask(self, query, **variables):
        return await self.api.data(self.bearer, query, **variables)

    async def choose(self, *contact_ids):
        await manual_changes.change_members(self.scope, self.chosen.id, add=contact_ids, origin=By.MANUAL)
        await moved(self.scope)


@pytest.fixture
async def world(database, api):
    """Of three contacts that were chosen, one had too low a score, one waits, and one is through."""
    scope = await new_workspace()
    chosen = await static_segment(scope, name="Chosen")
    rule = {"field": {"field": "score", "operator": "GTE", "value": 10}}
    wait = node("wait", wait={"for": "P1D", "next": "end"}) | {"label": "A day"}
    ask = node("ask", condition={"rule": rule, "yes": "wait", "no": "end"})
    entry_rule = {"field": {"field": "score", "operator": "GTE", "value": 5}}
    shape = graph([entered(chosen)], [ask, wait, node("end", end={"outcome": "done"})], entryRule=entry_rule)
    workflow = await running(scope, shape)
    contacts = [
        (await new_contacts(scope, 1, name=name, score=score))[0]
        for name, score in (("Ana", 20), ("Ben", 7), ("Cid", 1))
    ]
    world = World(scope, api, await bearer_of(scope), to_global_id("Workflow", workflow), chosen, contacts)
    await world.choose(*contacts)
    return world


async def test_a_workflow_shows_its_figures_and_who_is_where(world):
    found = (await world.ask(WORKFLOW, id=world.workflow))["workflow"]
    assert found["counts"] == {
        "entered": 2, "inside": 1, "waiting": 1, "held": 0, "failed": 0, "ended": 1, "goal": 0,
        "ends": [{"end": "REACHED_END", "count": 1}], "turnedAway": [{"reason": "ENTRY_RULE", "count": 1}],
    }  # fmt: skip
    ask, wait, end = found["nodeStats"]
    assert (ask["entered"], ask["inside"], wait["entered"], wait["inside"], end["entered"]) == (2, 0, 1, 1, 1)
    assert ask["outcomes"] == [{"outcome": "no", "count": 1}, {"outcome": "yes", "count": 1}]
    assert (wait["label"], wait["messages"], wait["medianStaySeconds"], ask["medianStaySeconds"]) == (
        "A day",
        None,
        None,
        0.0,
    )
    (ana,) = (await world.ask(WORKFLOW, id=world.workflow, at="wait"))["workflow"]["enrollments"]["nodes"]
    assert (ana["state"], ana["nodeKey"], ana["versionNumber"], ana["trigger"], ana["test"]) == (
        "WAITING",
        "wait",
        1,
        "entered",
        False,
    )
    assert (ana["wakesAt"], ana["contact"], ana["workflow"]) == (
        wait["nextWakeAt"],
        {"name": "Ana"},
        {"name": "Welcome"},
    )
    assert ana["explanation"].startswith("It came in at ")
    assert 'when a contact enters segment "Chosen". It waits at wait, until ' in ana["explanation"]
    assert ana["explanation"].endswith(" (Europe/Madrid), and then goes on to end.")
    assert ana["steps"]["nodes"] == [{"nodeKey": "ask", "outcome": "yes", "detail": None}]
    assert ana["steps"]["pageInfo"]["hasNextPage"]
    (ben,) = (await world.ask(WORKFLOW, id=world.workflow, state="ENDED"))["workflow"]["enrollments"]["nodes"]
    assert (ben["state"], ben["end"], ben["nodeKey"], ben["error"]) == ("ENDED", "REACHED_END", "end", None)
    assert ben["explanation"].endswith(": it came to the end.")
    assert found["enrollments"]["totalCount"] == 2
    assert found["lagSeconds"] == 0.0


async def test_a_contact_shows_its_ways_and_keeps_its_figures_when_it_is_gone(world):
    ways = """query ($id: ID!, $inside: Boolean) { contact(id: $id) {
        enrollments(inside: $inside) { totalCount nodes { id state } } } }"""
    ana, of_ana = to_global_id("Contact", world.contacts[0]), []
    for inside, count in ((None, 1), (True, 1), (False, 0)):
        found = (await world.ask(ways, id=ana, inside=inside))["contact"]["enrollments"]
        assert (found["totalCount"], len(found["nodes"])) == (count, count)
        of_ana = [one["id"] for one in found["nodes"]] or of_ana
    await execute("DELETE FROM contacts WHERE id = $1", world.contacts[0])
    await moved(world.scope)
    query = "query ($id: ID!) { enrollment(id: $id) { end contact { name } explanation } node(id: $id) { id } }"
    gone = await world.ask(query, id=of_ana[0])
    assert (gone["enrollment"]["end"], gone["enrollment"]["contact"], gone["node"]["id"]) == (
        "CONTACT_DELETED",
        None,
        of_ana[0],
    )
    counts = (await world.ask(WORKFLOW, id=world.workflow))["workflow"]["counts"]
    assert (counts["entered"], counts["inside"], counts["ended"]) == (2, 0, 2)


async def test_the_log_of_steps_is_read_page_by_page_by_contact_and_followed_without_a_gap(world):
    page = (await world.ask(STEPS, first=2))["workflowSteps"]
    assert page["hasMore"]
    rest = (await world.ask(STEPS, after=page["cursor"]))["workflowSteps"]
    ana, ben = (to_global_id("Contact", contact_id) for contact_id in world.contacts[:2])
    steps = [(one["contactId"], one["nodeKey"], one["outcome"]) for one in page["steps"] + rest["steps"]]
    assert steps == [(ana, "ask", "yes"), (ana, "wait", "waits"), (ben, "ask", "no"), (ben, "end", "done")]
    of_ben = (await world.ask(STEPS, contact=ben, ids=[world.workflow]))["workflowSteps"]["steps"]
    assert [(one["nodeKey"], one["contact"], one["test"]) for one in of_ben] == [
        ("ask", {"name": "Ben"}, False),
        ("end", {"name": "Ben"}, False),
    ]
    assert {one["workflowId"] for one in of_ben} == {world.workflow}
    now = (await world.ask("{ workflowSteps(fromNow: true) { cursor hasMore steps { cursor } } }"))["workflowSteps"]
    assert now == {"cursor": rest["cursor"], "hasMore": False, "steps": []}
    codes = await world.api.codes(world.bearer, STEPS, ids=[to_global_id("Workflow", 99)])
    assert codes == ["BAD_REQUEST"]
    async with aclosing(world.api.listen(world.bearer, LIVE, ids=[world.workflow], after=page["cursor"])) as events:
        missed = [(await anext(events))["data"]["workflowSteps"] for _ in range(2)]
        assert [one["contactId"] for one in missed] == [ben, ben]
        (dan,) = await new_contacts(world.scope, 1, score=9)
        await world.choose(dan)
        live = [(await asyncio.wait_for(anext(events), 5))["data"]["workflowSteps"] for _ in range(2)]
    assert [(one["contactId"], one["outcome"]) for one in live] == [
        (to_global_id("Contact", dan), "no"),
        (to_global_id("Contact", dan), "done"),
    ]


async def test_progress_is_told_when_something_moves_and_ends_with_the_workflow(world):
    async with aclosing(world.api.listen(world.bearer, PROGRESS, id=world.workflow)) as events:
        assert (await anext(events))["data"]["workflowProgress"]["counts"] == {"entered": 2, "inside": 1}
        (dan,) = await new_contacts(world.scope, 1, score=30)
        await world.choose(dan)
        assert (await asyncio.wait_for(anext(events), 5))["data"]["workflowProgress"]["counts"] == {
            "entered": 3,
            "inside": 2,
        }
        await execute("UPDATE workflows SET status = 'ARCHIVED'")
        assert (await asyncio.wait_for(anext(events), 5))["data"]["workflowProgress"]["status"] == "ARCHIVED"
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(events), 5)


async def test_it_is_explained_why_a_contact_is_inside_may_enter_or_was_turned_away(world):
    ana, ben, cid = (to_global_id("Contact", contact_id) for contact_id in world.contacts)
    (dan,) = await new_contacts(world.scope, 1, score=30)

    async def explained(contact):
        return (await world.ask(EXPLAIN, workflow=world.workflow, contact=contact))["workflowExplain"]

    found = await explained(ana)
    assert (found["mayEnter"], found["reasons"]) == (False, ["it is inside already"])
    assert found["enrollment"] == {"state": "WAITING", "nodeKey": "wait"}
    assert (await explained(ben))["reasons"] == ["it has entered once, and may not again"]
    away = await explained(cid)
    assert (away["mayEnter"], away["reasons"]) == (False, ["the entry rule does not hold for it"])
    assert away["entryRule"] == {"holds": False, "text": "score is at least 5"}
    assert away["turnedAwayAt"] is not None
    may = await explained(to_global_id("Contact", dan))
    assert (may["mayEnter"], may["reasons"]) == (True, ['it enters when a contact enters segment "Chosen"'])
    await execute(
        "UPDATE workflows SET status = 'PAUSED', test_segment_id = $1", (await static_segment(world.scope)).id
    )
    assert (await explained(cid))["reasons"] == [
        "the workflow is paused: what happens now lets it in when the workflow is resumed",
        "only members of the test segment may enter, and it is none",
        "the entry rule does not hold for it",
    ]
    token = await token_with(world.scope, Permission.WORKFLOW_READ)
    assert await world.api.codes(token, EXPLAIN, workflow=world.workflow, contact=ana) == []
    with_values = EXPLAIN.replace("text }", "actual }")
    assert await world.api.codes(token, with_values, workflow=world.workflow, contact=ana) == ["FORBIDDEN"]


async def test_a_walk_is_simulated_and_nothing_comes_of_it(world):
    query = """query ($graph: WorkflowGraphInput!, $contact: ID!, $at: DateTime) {
        workflowSimulate(graph: $graph, contactId: $contact, at: $at) { end endsAt steps { nodeKey outcome text fidelity } } }"""
    draft = (await world.ask("query ($id: ID!) { workflow(id: $id) { draft } }", id=world.workflow))["workflow"][
        "draft"
    ]
    contact = to_global_id("Contact", world.contacts[0])
    path = (await world.ask(query, graph=draft, contact=contact, at="2026-01-01T00:00:00Z"))["workflowSimulate"]
    assert (path["end"], path["endsAt"]) == ("REACHED_END", "2026-01-02T00:00:00Z")
    assert [(step["nodeKey"], step["outcome"], step["fidelity"]) for step in path["steps"]] == [
        ("ask", "yes", "AS_OF_NOW"), ("wait", "next", "EXACT"), ("end", "done", "EXACT"),
    ]  # fmt: skip
    assert len((await world.ask(STEPS))["workflowSteps"]["steps"]) == 4


async def test_the_past_is_played_by_a_job_that_shows_what_came_of_it(world):
    start = """mutation ($graph: WorkflowGraphInput!, $from: DateTime!, $to: DateTime!) {
        workflowBacktest(graph: $graph, from: $from, to: $to) { job { id } userErrors { message } } }"""
    shown = """query ($id: ID!) { job(id: $id) { status ... on WorkflowBacktestJob { wouldEnter fidelity perDay { day count }
        turnedAway { reason count } nodeStats { nodeKey entered inside outcomes { outcome count } }
        contacts(first: 1) { totalCount nodes { name } pageInfo { hasNextPage endCursor } } } } }"""
    draft = (await world.ask("query ($id: ID!) { workflow(id: $id) { draft } }", id=world.workflow))["workflow"][
        "draft"
    ]
    now = clock.now()
    period = {"from": (now - timedelta(hours=1)).isoformat(), "to": now.isoformat()}
    job = (await world.ask(start, graph=draft, **period))["workflowBacktest"]["job"]["id"]
    waiting = (await world.ask(shown, id=job))["job"]
    assert (waiting["status"], waiting["wouldEnter"], waiting["nodeStats"]) == ("QUEUED", 0, [])
    taken = await running_jobs.take(world.scope.workspace_id, split_global_id(job)[1])
    async for _ in backtest.run(world.scope, taken):
        pass
    await running_jobs.finish(taken)
    found = (await world.ask(shown, id=job))["job"]
    assert (found["status"], found["wouldEnter"], found["fidelity"]) == ("SUCCEEDED", 2, "AS_OF_NOW")
    assert found["turnedAway"] == [{"reason": "ENTRY_RULE", "count": 1}]
    assert [one["entered"] for one in found["nodeStats"]] == [2, 1, 1]
    assert sum(day["count"] for day in found["perDay"]) == 2
    assert (found["contacts"]["totalCount"], found["contacts"]["pageInfo"]["hasNextPage"]) == (2, True)


async def test_a_template_lists_the_workflows_that_send_it(world):
    await connected(world.scope)
    template = (await templates.all_of(world.scope))[0]
    send = node_of("send", "send", templateId=template.id, next="end")
    await drafts.create(world.scope, "Greets", graph_json=graph_of(send, end_of()))
    found = await world.ask("{ messageTemplates { id workflows { name } } }")
    used = {one["id"]: one["workflows"] for one in found["messageTemplates"]}
    assert used.pop(to_global_id("MessageTemplate", template.id)) == [{"name": "Greets"}]
    assert not any(used.values())
