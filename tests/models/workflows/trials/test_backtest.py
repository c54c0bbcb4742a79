"""Who would have entered in the past, turned away for what, and where they would be: played by the engine, and not written."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.contacts.activities import NewActivity, record
from models.errors import Invalid, LimitExceeded
from models.membership import manual_changes
from models.membership.origins import Origin
from models.queue import jobs, running_jobs
from models.queue.jobs import JobStatus
from models.workflows.timed import dates
from models.workflows.trials import backtest, history
from models.workflows.trials.history import members_at
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workflow_graphs import end_of, graph_of, node_of, tagged, trigger_of, wait_of
from tests.kit.workspaces import new_workspace

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def scope(database):
    clock.set_source(lambda: START)
    return await new_workspace(timezone="UTC")


async def happens(scope, after, *activities):
    """PostgreSQL says when activities were recorded, so they are dated back."""
    await record(scope, [NewActivity(kind, contact_id) for kind, contact_id in activities])
    await db.execute("UPDATE activities SET created_at = $1 WHERE created_at > '2026-06-01'", START + after)


async def played(scope, graph, since=START, until=START + 10 * DAY):
    clock.set_source(lambda: until)
    job = await backtest.start(scope, graph, since, until)
    job = await running_jobs.take(scope.workspace_id, job.id)
    async for _ in backtest.run(scope, job):
        pass
    await running_jobs.finish(job)
    job = await jobs.get(scope, job.id)
    assert job.status == JobStatus.SUCCEEDED
    return job.progress, {
        one.key: (one.entered, one.inside, dict(one.outcomes)) for one in backtest.figures_of(job.progress)
    }


async def test_the_past_is_played_with_its_waits_events_and_reasons(scope):
    """Ana visits twice and buys in time; Ben visits late and is still inside; Cid may not enter."""
    segment = await static_segment(scope)
    ana, ben = await new_contacts(scope, 2, tags=["known"])
    (cid,) = await new_contacts(scope, 1)
    await happens(scope, DAY, ("visit", ana), ("visit", cid))
    await happens(scope, DAY + HOUR, ("visit", ana))
    await happens(scope, 2 * DAY, ("purchase", ana))
    await happens(scope, 8 * DAY, ("visit", ben), ("visit", ana))
    await happens(scope, 11 * DAY, ("visit", ben))
    graph = graph_of(
        node_of("add", "segmentAdd", segmentId=segment.id, next="bought"),
        node_of(
            "bought", "waitFor", any=[{"activity": {"kind": "purchase"}}], timeout="P1D", next="end", timedOut="wait"
        ),
        wait_of("wait", "P5D", "end"),
        end_of(),
        triggers=[trigger_of("visited", activity={"kind": "visit"})],
        reentry={"policy": "AFTER_LEAVING"},
        entryRule=tagged("known"),
    )
    found, nodes = await played(scope, graph)
    assert (found["wouldEnter"], found["fidelity"]) == (3, "AS_OF_NOW")
    assert found["perDay"] == {"2026-03-02": 1, "2026-03-09": 2}
    assert found["turnedAway"] == {"ENTRY_RULE": 1, "INSIDE": 1}
    assert sorted(found["contacts"]) == [ana, ben]
    assert nodes == {
        "add": (3, 0, {"next": 3}),
        "bought": (3, 0, {"next": 1, "timedOut": 2}),
        "wait": (2, 2, {}),
        "end": (1, 0, {"done": 1}),
    }
    for table in (
        "enrollments",
        "enrollments_ended",
        "workflow_entries",
        "memberships",
        "workflow_steps",
        "workflow_counts",
    ):
        assert await db.fetch(f"SELECT * FROM {table}") == [], table
    exact, _ = await played(scope, {name: part for name, part in graph.items() if name != "entryRule"})
    assert (exact["wouldEnter"], exact["fidelity"]) == (4, "EXACT")


async def test_members_dates_and_schedules_of_the_past_let_in(scope, monkeypatch):
    segment = await static_segment(scope)
    ana, ben = await new_contacts(scope, 2, date_of_birth="1990-03-04")
    for after, change in ((DAY, {"add": [ana, ben]}), (3 * DAY, {"remove": [ben]})):
        clock.set_source(lambda after=after: START + after)
        await manual_changes.change_members(scope, segment.id, origin=Origin.MANUAL, **change)
    assert [await members_at(scope, segment.id, START + n * DAY) for n in (0, 2, 4)] == [[], [ana, ben], [ana]]

    def on(**event):
        return graph_of(end_of(), triggers=[trigger_of("it", **event)], reentry={"policy": "EVERY_TIME"})

    left, _ = await played(scope, on(segmentLeft=segment.id))
    assert (left["perDay"], left["contacts"], left["fidelity"]) == ({"2026-03-04": 1}, [ben], "EXACT")
    monkeypatch.setattr(dates, "AT_ONCE", 1)
    born, _ = await played(scope, on(date={"field": "date_of_birth", "yearly": True, "at": "10:00"}))
    assert (born["perDay"], born["fidelity"]) == ({"2026-03-04": 2}, "AS_OF_NOW")
    daily, _ = await played(scope, on(schedule={"rrule": "FREQ=DAILY;BYHOUR=12;BYMINUTE=0", "segmentId": segment.id}))
    assert daily["perDay"] == {f"2026-03-{day:02}": 2 if day in (2, 3) else 1 for day in range(2, 11)}
    await db.execute("UPDATE contacts SET created_at = $1", START)
    created, _ = await played(scope, on(contactCreated=True), START - DAY)
    assert created["wouldEnter"] == 2


async def test_a_period_that_is_no_past_is_refused(scope):
    graph = graph_of(end_of(), triggers=[trigger_of("visited", activity={"kind": "visit"})])
    for since, until, why in (
        (START, START, "ends before it begins"),
        (START - 400 * DAY, START, "at most a year"),
        (START, START + DAY, "in the past or now"),
    ):
        with pytest.raises(Invalid, match=why):
            await backtest.start(scope, graph, since, until)


async def test_more_than_can_be_played_is_refused(scope, monkeypatch):
    (ana,) = await new_contacts(scope, 1)
    await happens(scope, DAY, ("visit", ana), ("visit", ana))
    await happens(scope, 5 * DAY, ("visit", ana))
    monkeypatch.setattr(history, "MOST", 2)
    with pytest.raises(LimitExceeded, match="more than 2 things happened in this period: choose a shorter one"):
        await played(scope, graph_of(end_of(), triggers=[trigger_of("visited", activity={"kind": "visit"})]))
