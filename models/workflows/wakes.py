"""Who moves on: those whose time has come, and those that something happened to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from models import db
from models.rules.thresholds import Threshold, instant_of
from models.workflows.arrivals import PAUSED, PENDING, TICK, Arrival
from models.workflows.causes import NOBODY, Cause
from models.workflows.plan import Plan
from models.workflows.run import Run
from models.workflows.states import EnrollmentEnd, EnrollmentState

FORGOTTEN: Final = timedelta(minutes=1)
"""After a wait of this time, what led to an enrollment no longer makes a loop."""


async def due(run: Run, limit: int) -> list[Arrival]:
    """Up to `limit` enrollments whose time has come, the longest waiting first."""
    rows = await db.fetch(_DUE, run.workspace_id, run.now, limit)
    arrivals = await load(run, rows)
    for arrival in arrivals:
        wake_by_time(run, arrival)
    return arrivals


async def due_in_test(run: Run, contact_ids: Sequence[int]) -> list[Arrival]:
    """The enrollments of the test run of these contacts whose time has come by its own clock."""
    rows = await db.fetch(_DUE_IN_TEST, run.workspace_id, run.now, run.test_id, list(contact_ids))
    arrivals = await load(run, rows)
    for arrival in arrivals:
        wake_by_time(run, arrival)
    return arrivals


async def of_contacts(run: Run, contact_ids: Sequence[int]) -> list[Arrival]:
    """All enrollments of these contacts, as they stand."""
    return await load(run, await db.fetch(_OF_CONTACTS, run.workspace_id, list(contact_ids), run.test_id or 0))


async def by_ids(run: Run, ids: Sequence[int]) -> list[Arrival]:
    """These enrollments, as they stand; those that are over are left out."""
    return await load(run, await db.fetch(_BY_IDS, run.workspace_id, list(ids)))


_COLUMNS: Final = """
e.id, e.workflow_id, e.number, e.contact_id, e.entry_key, e.trigger, e.node, e.visit, e.node_at, e.state, e.wake_at, e.fresh_at,
e.reason, e.message_id, e.control, e.goal_at, e.path, e.test_id, e.entered_at, e.passed
"""

_DUE = f"""
SELECT {_COLUMNS} FROM enrollments AS e
WHERE e.workspace_id = $1 AND e.wake_at <= $2 AND e.test_id IS NULL ORDER BY e.wake_at, e.id LIMIT $3
"""  # noqa: S608 - columns of our own

_DUE_IN_TEST = f"""
SELECT {_COLUMNS} FROM enrollments AS e
WHERE e.workspace_id = $1 AND e.wake_at <= $2 AND e.test_id = $3 AND e.contact_id = ANY ($4::bigint[])
ORDER BY e.wake_at, e.id
"""  # noqa: S608 - columns of our own

_OF_CONTACTS = f"""
SELECT {_COLUMNS} FROM enrollments AS e
WHERE e.workspace_id = $1 AND e.contact_id = ANY ($2::bigint[]) AND coalesce(e.test_id, 0) = $3 ORDER BY e.id
"""  # noqa: S608 - columns of our own

_BY_IDS = f"""
SELECT {_COLUMNS} FROM enrollments AS e WHERE e.workspace_id = $1 AND e.id = ANY ($2::bigint[]) ORDER BY e.id
"""  # noqa: S608 - columns of our own


async def load(run: Run, rows: Sequence[db.Record]) -> list[Arrival]:
    """The arrivals of stored enrollments, each at its node of the version that runs. One that this batch has loaded is the same.

    One that has stayed too long, or stands at a node that is gone and leads nowhere, has ended; those of a workflow that runs no
    longer are left out.
    """
    arrivals = []
    for row in rows:
        known = run.loaded.get(row["id"])
        arrival = known or await _load(run, row)
        if arrival is not None and arrival.ended is None:
            arrivals.append(arrival)
    return arrivals


async def _load(run: Run, row: db.Record) -> Arrival | None:
    workflow = run.plans.workflows.get(row["workflow_id"])
    if workflow is None:
        return None
    plan = await workflow.plan(row["number"])
    arrival = _arrival(run, plan, row)
    run.loaded[arrival.id] = arrival
    run.arrivals.append(arrival)
    await _go_to_where_it_stands_now(run, arrival)
    if arrival.ended is None and stays_until(arrival) <= run.now:
        arrival.end(EnrollmentEnd.STAYED_TOO_LONG)
    return arrival


def _arrival(run: Run, plan: Plan, row: db.Record) -> Arrival:
    return Arrival(
        plan,
        row["id"],
        row["number"],
        row["contact_id"],
        row["trigger"],
        plan.keys[row["node"]],
        row["node_at"],
        row["entered_at"],
        run.now,
        run.trail(plan, row["number"], -1),
        row["entry_key"],
        row["visit"],
        EnrollmentState(row["state"]),
        row["wake_at"],
        row["fresh_at"],
        row["reason"],
        row["message_id"],
        row["control"],
        row["goal_at"],
        Cause.of_path(row["path"]),
        row["test_id"],
        passed=row["passed"],
        is_settled=True,
    )


async def _go_to_where_it_stands_now(run: Run, arrival: Arrival) -> None:
    """A publish may have taken its node away, or put everybody out."""
    workflow = run.plans.workflows[arrival.plan.workflow_id]
    if await workflow.is_out(arrival.number):
        arrival.end(EnrollmentEnd.REMOVED)
        return
    if arrival.key in arrival.plan.graph.nodes:
        return
    key = await workflow.node_now(arrival.number, arrival.key)
    if key is None:
        arrival.end(EnrollmentEnd.NODE_DELETED)
    else:
        arrival.go("moved", key)


def stays_until(arrival: Arrival) -> datetime:
    """When it has been inside for as long as the workflow allows."""
    threshold = Threshold(arrival.plan.graph.max_stay)
    return instant_of(threshold, arrival.entered_at, ZoneInfo(arrival.plan.scope.timezone))


def wake_by_time(run: Run, arrival: Arrival) -> None:
    """Segments that its node reads include then what time has brought about."""
    if arrival.state is EnrollmentState.READY and arrival.reason in (PENDING, TICK):
        arrival.by_time = arrival.reason == TICK
    else:
        arrival.by_time, arrival.fresh_at = True, None
    wake(run, arrival)


def wake(run: Run, arrival: Arrival) -> None:
    """Its node is asked again what becomes of it. Who has FAILED stays."""
    if run.now - arrival.node_at >= FORGOTTEN:
        arrival.cause = NOBODY
    if arrival.state is not EnrollmentState.FAILED:
        arrival.is_settled = False


# ---------------------------------------------------------------- paused


async def resume(workspace_id: int, workflow_id: int, now: datetime) -> int:
    """Those that the pause held go on. Returns how many. Needs the lock of the engine."""
    return await db.execute(_RESUME, workspace_id, workflow_id, now, PAUSED)


_RESUME = """
UPDATE enrollments SET wake_at = $3 WHERE workspace_id = $1 AND workflow_id = $2 AND state = 'HELD' AND reason = $4
"""
