"""Test runs: real contacts go through the published version on a clock of their own, by the engine.

What nodes change is really changed. Messages go to the test's phone, or nowhere. Nothing is counted, and no entry is used up.
A workflow has one test run: a new one takes the place of the former. What has ended leaves only its enrollments.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.db import Record
from models.db.tables.workflows import Workflow
from models.errors import Invalid, LimitExceeded, NotAllowedInState, NotFound, at
from models.values.phones import normal_phone
from models.workflows import batches, drafts, engine_lock, heeding, keeps, wakes
from models.workflows.arrivals import PENDING
from models.workflows.causes import NOBODY
from models.workflows.counts import Counts
from models.workflows.engine_lock import WorkflowLock
from models.workflows.inside import ends, occurrences
from models.workflows.insight import enrollments
from models.workflows.messages import withdrawal
from models.workflows.plan import Plan
from models.workflows.run import Candidate, Run
from models.workflows.states import EnrollmentEnd, WorkflowStatus
from models.workflows.timed import crossings as timed_crossings
from models.workflows.timed.crossings import AwaitedRule
from models.workflows.trials import crossings, fidelity, members, run_plans
from models.workflows.trials.fidelity import Fidelity
from models.workflows.trials.heard import Heard, happened_between, up_to_now
from models.workflows.walk import walk
from models.workflows.writing import write
from permissions.principal import PrincipalKind, Scope

MOST_CONTACTS: Final = 100

FARTHEST: Final = timedelta(days=366 * 10)
"""So far beyond the present a clock can be set."""

LOOK_AGAIN_SECONDS: Final = 0.05
PATIENCE_SECONDS: Final = 10.0
"""How long a test waits for segments to be right."""


@dataclass(frozen=True, slots=True)
class RunState:
    """The clock of a test run, and its enrollments as rows of `enrollments`, the newest first.

    `fidelity`: EXACT when the clock decides everything. `next_at`: when time alone does something next; None: never.
    """

    clock_at: datetime
    enrollments: list[Record]
    fidelity: Fidelity
    started_at: datetime
    sends: bool
    next_at: datetime | None


# ---------------------------------------------------------------- start


async def start(
    scope: Scope,
    workflow_id: int,
    contact_ids: Sequence[int],
    phone: str | None = None,
    begins_at: datetime | None = None,
) -> RunState:
    """Each contact enters by the first trigger, whatever re-entry and the entry rule say.

    Raises NotFound at `id` or `contactIds`, Invalid or LimitExceeded, NotAllowedInState before the first publish.
    """
    contact_ids = list(dict.fromkeys(contact_ids))
    with at("phone"):
        to = None if phone is None else normal_phone(phone, scope.default_country)
    async with db.transaction():
        workflow = await drafts.get(scope, workflow_id)
        _must_be_published(workflow)
        await _check_contacts(scope, contact_ids)
        now = begins_at or clock.now()
        _check_moment(now, ("at",))
        lock = await engine_lock.take(scope.workspace_id)
        await _end_former(scope, lock, workflow_id)
        test_id = await _insert(scope, workflow_id, contact_ids, to, now)
        run, plan = await _run(scope, lock, workflow_id, test_id, now)
        await batches.let_in(run, [_candidate(plan, contact_id, now) for contact_id in contact_ids])
        await _write(run)
        await audit_log.record(scope, "workflow_test_start", "Workflow", workflow_id, {"contacts": len(contact_ids)})
    return await _state(scope, workflow_id)


def _must_be_published(workflow: Workflow) -> None:
    if workflow.published_number is None:
        raise NotAllowedInState("publish this workflow first: nobody enters before it is activated", ("id",))
    if workflow.status == WorkflowStatus.ARCHIVED:
        raise NotAllowedInState("this workflow is ARCHIVED: duplicate it, and test the copy", ("id",))


async def _check_contacts(scope: Scope, contact_ids: Sequence[int]) -> None:
    if not contact_ids:
        raise Invalid("a test needs a contact", ("contactIds",))
    if len(contact_ids) > MOST_CONTACTS:
        raise LimitExceeded(f"a test has at most {MOST_CONTACTS} contacts", ("contactIds",))
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",
        scope.workspace_id,
        list(contact_ids),
    )
    known = {row["id"] for row in rows}
    for index, contact_id in enumerate(contact_ids):
        if contact_id not in known:
            raise NotFound("there is no such contact", ("contactIds", str(index)))


def _check_moment(moment: datetime, path: tuple[str, ...]) -> None:
    present = clock.now()
    if not present - FARTHEST <= moment <= present + FARTHEST:
        raise Invalid("the clock of a test can be set at most ten years from now", path)


async def _insert(scope: Scope, workflow_id: int, contact_ids: Sequence[int], phone: str | None, now: datetime) -> int:
    by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
    heard = await up_to_now(scope, contact_ids)
    test_id: int = await db.fetch_value(
        _INSERT,
        scope.workspace_id,
        workflow_id,
        now,
        phone,
        by,
        clock.now(),
        list(contact_ids),
        heard.activity,
        heard.position,
    )
    return test_id


_INSERT = """
INSERT INTO workflow_tests (workspace_id, workflow_id, clock_at, phone, created_by, created_at, contact_ids, heard_activity,
                            heard_position)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id
"""


def _candidate(plan: Plan, contact_id: int, now: datetime) -> Candidate:
    trigger = next(iter(plan.graph.triggers), None)
    return Candidate(plan, "" if trigger is None else trigger.key, contact_id, now, NOBODY)


async def _end_former(scope: Scope, lock: WorkflowLock, workflow_id: int) -> None:
    former = await _find(scope, workflow_id)
    if former is None:
        return
    run, _ = await _run(scope, lock, workflow_id, former["id"], former["clock_at"])
    await keeps.end_all(run, former["contact_ids"])
    for arrival in await wakes.of_contacts(run, former["contact_ids"]):
        arrival.end(EnrollmentEnd.REMOVED)
    await _write(run)
    await db.execute("DELETE FROM workflow_tests WHERE workspace_id = $1 AND id = $2", scope.workspace_id, former["id"])


# ---------------------------------------------------------------- end


async def end(scope: Scope, workflow_id: int) -> None:
    """Those inside leave as REMOVED, and the contacts that the test keeps in a segment are taken out. What else it changed stays.

    Raises NotFound at `id`, and NotAllowedInState when there is no test run.
    """
    async with db.transaction():
        await drafts.get(scope, workflow_id)
        lock = await engine_lock.take(scope.workspace_id)
        await _get(scope, workflow_id)
        await _end_former(scope, lock, workflow_id)
        await audit_log.record(scope, "workflow_test_end", "Workflow", workflow_id)


# ---------------------------------------------------------------- advance


async def advance(scope: Scope, workflow_id: int, to: datetime) -> RunState:
    """What really happened to its contacts meanwhile comes first; then the clock goes on from moment to moment, up to `to`.

    Raises NotFound at `id`, Invalid at `to`, NotAllowedInState when there is no test run.
    """
    await drafts.get(scope, workflow_id)
    test = await _get(scope, workflow_id)
    if to < test["clock_at"]:
        raise Invalid(
            f"the clock of this test stands at {test['clock_at']:%Y-%m-%dT%H:%M:%SZ}: it only goes forward", ("to",)
        )
    _check_moment(to, ("to",))
    ends_at = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    is_first = True
    while (pending := await _step(scope, workflow_id, to, hear=is_first)) is not None:
        is_first = False
        if pending:
            if asyncio.get_running_loop().time() >= ends_at:
                break
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return await _state(scope, workflow_id)


async def _step(scope: Scope, workflow_id: int, to: datetime, *, hear: bool) -> bool | None:
    """The next moment of the test. Returns whether somebody waits for segments to be right; None when `to` is reached."""
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        test = await _get(scope, workflow_id)
        before, plan = await _run(scope, lock, workflow_id, test["id"], test["clock_at"])
        awaited = await crossings.awaited_in(before, [plan, *before.plans.inside])
        moment = test["clock_at"] if hear else await _next_moment(before, awaited, test, to)
        if moment is None:
            await _set_clock(scope, test["id"], to)
            return None
        now = max(moment, test["clock_at"])
        run = _at(before, now)
        if hear:
            await _hear(run, test)
            await audit_log.record(scope, "workflow_test_advance", "Workflow", workflow_id)
        await timed_crossings.heed_these(run, awaited, test["clock_at"], test["contact_ids"])
        await _move(run, test["contact_ids"])
        await _write(run)
        await _set_clock(scope, test["id"], now)
    return any(arrival.reason == PENDING for arrival in run.arrivals if arrival.ended is None)


async def _hear(run: Run, test: Record) -> None:
    heard = await up_to_now(run.scope, test["contact_ids"])
    since = Heard(test["heard_activity"], test["heard_position"])
    await heeding.heed(run, await happened_between(run.scope, test["contact_ids"], since, heard))
    await db.execute(
        "UPDATE workflow_tests SET heard_activity = $3, heard_position = $4 WHERE workspace_id = $1 AND id = $2",
        run.workspace_id,
        test["id"],
        heard.activity,
        heard.position,
    )


async def _move(run: Run, contact_ids: Sequence[int]) -> None:
    await keeps.end_due(run)
    arrivals = await wakes.due_in_test(run, contact_ids)
    await ends.look(run, arrivals)
    await walk(run, [arrival for arrival in arrivals if arrival.ended is None])
    await batches.let_in(run, ())


async def _next_moment(run: Run, awaited: Sequence[AwaitedRule], test: Record, to: datetime) -> datetime | None:
    """When the clock comes to a wait's end, or to where time changes a rule that somebody waits for."""
    wakes_at = await _next_wake(run.scope, test, to)
    crossed_at = await crossings.next_moment(run, awaited, test["contact_ids"], test["clock_at"], wakes_at or to)
    return crossed_at or wakes_at


async def _next_wake(scope: Scope, test: Record, to: datetime) -> datetime | None:
    """When a wait ends next, or a time in a segment, if that is before `to`."""
    wakes_at: datetime | None = await db.fetch_value(_NEXT, scope.workspace_id, test["id"], test["contact_ids"], to)
    return wakes_at


_NEXT = """
SELECT least(
    (SELECT min(wake_at) FROM enrollments
     WHERE workspace_id = $1 AND test_id = $2 AND contact_id = ANY ($3::bigint[]) AND wake_at <= $4),
    (SELECT min(until) FROM workflow_keeps
     WHERE workspace_id = $1 AND test_id = $2 AND contact_id = ANY ($3::bigint[]) AND until <= $4))
"""


async def _set_clock(scope: Scope, test_id: int, now: datetime) -> None:
    await db.execute(
        "UPDATE workflow_tests SET clock_at = $3 WHERE workspace_id = $1 AND id = $2", scope.workspace_id, test_id, now
    )


# ---------------------------------------------------------------- both


async def _find(scope: Scope, workflow_id: int) -> Record | None:
    """The newest test run of the workflow."""
    return await db.fetch_row(
        "SELECT * FROM workflow_tests WHERE workspace_id = $1 AND workflow_id = $2 ORDER BY id DESC LIMIT 1",
        scope.workspace_id,
        workflow_id,
    )


async def _get(scope: Scope, workflow_id: int) -> Record:
    test = await _find(scope, workflow_id)
    if test is None:
        raise NotAllowedInState("this workflow has no test run: begin with workflowTestStart", ("id",))
    return test


async def _run(scope: Scope, lock: WorkflowLock, workflow_id: int, test_id: int, now: datetime) -> tuple[Run, Plan]:
    """Its own clock decides who is a member, so thresholds are not waited for: `settled_at` is None."""
    running, plan = await run_plans.load(scope, lock, workflow_id)
    own = replace(lock, settled_at=None)
    return _at(Run(running, own, now, Counts(now), test_id=test_id, members_then=members.by_rules), now), plan


def _at(run: Run, now: datetime) -> Run:
    """A run of the same test that has not begun, at another moment."""
    lock = replace(run.lock, now=now)
    return Run(run.plans, lock, now, Counts(now), test_id=run.test_id, members_then=run.members_then)


async def _write(run: Run) -> None:
    await withdrawal.withdraw(run)
    await write.write(run)
    await occurrences.write(run)


async def find(scope: Scope, workflow_id: int) -> RunState | None:
    """The test run of a workflow as it stands; None when there is none."""
    return None if await _find(scope, workflow_id) is None else await _state(scope, workflow_id)


async def _state(scope: Scope, workflow_id: int) -> RunState:
    test = await _get(scope, workflow_id)
    found = await enrollments.of_test(scope, test["id"], test["contact_ids"])
    async with db.transaction():
        run, plan = await _run(
            scope, await engine_lock.take(scope.workspace_id), workflow_id, test["id"], test["clock_at"]
        )
        sure = await fidelity.of_test(run, plan)
    next_at = await _next_wake(scope, test, clock.now() + 2 * FARTHEST)
    return RunState(test["clock_at"], found, sure, test["created_at"], test["phone"] is not None, next_at)
