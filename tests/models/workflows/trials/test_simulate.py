"""One contact is walked through a graph by the engine itself, at any moment, and nothing is touched."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.contacts.create import create_contact
from models.errors import Invalid, NotFound, Problems
from models.workflows.trials.simulate import Fidelity, simulate
from tests.kit.segments import static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of, tagged, trigger_of, wait_of
from tests.kit.workspaces import new_workspace

NOON = datetime(2026, 3, 28, 11, tzinfo=UTC)
DAY = timedelta(days=1)
TABLES = (
    "contacts", "memberships", "membership_changes", "dirty_contacts", "activities", "enrollments", "enrollments_ended",
    "workflow_entries", "workflow_steps", "workflow_counts", "workflow_node_visits", "workflow_signals", "workflows", "tags",
)  # fmt: skip


@pytest.fixture
async def scope(database):
    clock.set_source(lambda: NOON)
    return await new_workspace()


async def contents():
    return {table: await db.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES}


async def test_a_contact_goes_as_it_would_and_nothing_is_touched(scope):
    segment = await static_segment(scope)
    ana = (await create_contact(scope, {"name": "Ana", "tags": ["new"], "timezone": "America/New_York"}))["id"]
    graph = graph_of(
        node_of("add", "segmentAdd", segmentId=segment.id, next="tag"),
        node_of("tag", "tagsChange", add=["vip"], remove=["new"], next="score"),
        node_of("score", "fieldSet", field="score", increment=7, next="ask"),
        node_of("ask", "condition", rule={"all": [tagged("vip"), {"not": tagged("new")}]}, yes="wait", no="end"),
        wait_of("wait", "P1D", "hour"),
        node_of("hour", "waitUntil", time="10:00", next="answer"),
        node_of(
            "answer", "waitFor", any=[{"activity": {"kind": "purchase"}}], timeout="P2D", next="end", timedOut="late"
        ),
        node_of("late", "activityRecord", kind="note", next="end"),
        end_of(),
        triggers=[trigger_of("created", contactCreated=True)],
        zone="CONTACT",
    )
    before = await contents()
    path = await simulate(scope, graph, ana)
    assert [(step.node_key, step.outcome) for step in path.steps] == [
        ("add", "next"), ("tag", "next"), ("score", "next"), ("ask", "yes"), ("wait", "next"), ("hour", "next"),
        ("answer", "timedOut"), ("late", "next"), ("end", "done"),
    ]  # fmt: skip
    ten_in_new_york = datetime(2026, 3, 29, 14, tzinfo=UTC)
    assert [step.at for step in path.steps[3:]] == [NOON, NOON + DAY, ten_in_new_york, *3 * [ten_in_new_york + 2 * DAY]]
    assert (path.end, path.ends_at) == ("REACHED_END", ten_in_new_york + 2 * DAY)
    exact, now = Fidelity.EXACT, Fidelity.AS_OF_NOW
    assert [step.fidelity for step in path.steps] == [*5 * [exact], now, now, exact, exact]
    assert path.steps[3].text == "if tagged vip and not (tagged new)"
    assert await contents() == before

    answered = await simulate(scope, graph, ana, NOON - DAY, {"answer": "next"})
    assert [(step.node_key, step.outcome) for step in answered.steps[-2:]] == [("answer", "next"), ("end", "done")]
    assert answered.steps[3].fidelity == now
    assert answered.ends_at == datetime(2026, 3, 28, 14, tzinfo=UTC)


async def test_a_circle_and_a_stay_that_is_too_long_are_seen(scope):
    ana = (await create_contact(scope, {"name": "Ana"}))["id"]
    circle = graph_of(wait_of("one", "PT1M", "two"), wait_of("two", "PT1M", "one"))
    path = await simulate(scope, circle, ana)
    assert (len(path.steps), path.end) == (200, None)
    path = await simulate(scope, circle | {"maxStay": "PT10M"}, ana)
    assert (len(path.steps), path.end, path.ends_at) == (10, "STAYED_TOO_LONG", NOON + timedelta(minutes=10))
    turned_away = await simulate(scope, circle | {"entryRule": tagged("vip")}, ana)
    assert [(step.outcome, step.text) for step in turned_away.steps] == [
        ("ENTRY_RULE", "it is not let in, because it is not: tagged vip")
    ]


async def test_what_cannot_be_walked_is_refused_with_what_would_be_right(scope):
    ana = (await create_contact(scope, {"name": "Ana"}))["id"]
    graph = graph_of(wait_of("wait", "P1D", "end"), end_of())
    with pytest.raises(NotFound):
        await simulate(scope, graph, ana + 1)
    with pytest.raises(Invalid, match="this graph cannot run: .* \\(at the node wait\\)"):
        await simulate(scope, graph_of(wait_of("wait", "P1D", "nowhere")), ana)
    with pytest.raises(Problems) as problems:
        await simulate(scope, graph, ana, answers={"wait": "next"})
    assert [(error.path, error.message) for error in problems.value.errors] == [
        (("answers", "wait"), "no WAIT_FOR, SEND or WEBHOOK has this key")
    ]
