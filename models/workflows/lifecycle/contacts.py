"""Contacts that people and partners add to a workflow, take out of it, or move from node to node."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.contacts import selections
from models.contacts.selections import ContactSelection
from models.errors import Invalid, NotAllowedInState, NotFound, at
from models.queue import jobs
from models.queue.jobs import Job, JobKind
from models.values.instants import write_instant
from models.values.texts import check_name
from models.workflows import batches, drafts, versions, wakes
from models.workflows.bulk import MOVED
from models.workflows.causes import NOBODY
from models.workflows.drafts import Workflow
from models.workflows.graph.events import Manual
from models.workflows.graph.tree import Graph
from models.workflows.run import Candidate, Run
from models.workflows.states import EnrollmentEnd, EnrollmentState, WorkflowStatus
from permissions.principal import Scope

AT_ONCE: Final = 1_000
"""Larger selections become a job."""

ADDED: Final = "manual"
"""The key under which contacts enter that somebody adds, when the workflow has no trigger for it."""


@dataclass(frozen=True, slots=True)
class ContactsChanged:
    workflow: Workflow
    changed: int = 0
    job: Job | None = None


# ---------------------------------------------------------------- added


async def add(
    scope: Scope,
    workflow_id: int,
    selection: ContactSelection,
    node_key: str | None = None,
    idempotency_key: str | None = None,
) -> ContactsChanged:
    """Lets contacts in at a node, or at the start, by the workflow's rules for entry. A key is used once.

    Raises NotFound and NotAllowedInState at `workflowId`, Invalid at `nodeKey` and `idempotencyKey`, and what
    `selections.condition` raises.
    """
    workflow = await _entered(scope, workflow_id)
    graph = await _published(scope, workflow)
    if node_key is not None and node_key not in graph.nodes:
        raise Invalid(f'what runs has no node "{node_key[:100]}"', ("nodeKey",))
    key = None if idempotency_key is None else _check_key(idempotency_key)
    ids = await selections.ids_after(scope, selection, 0, AT_ONCE + 1)
    trigger = _trigger(graph)
    given = {"action": "ADD", "selection": selections.to_json(selection), "nodeKey": node_key, "trigger": trigger}

    async def enter(run: Run) -> int:
        return await enter_some(run, workflow_id, trigger, ids, node_key)

    try:
        known = None if key is None else await _known(scope, workflow, key)
        return known or await _now_or_later(scope, workflow, "workflow_contacts_add", ids, given, enter, key)
    except db.UniqueViolation:  # the same request at the same time; it was the first
        assert key is not None
        known = await _known(scope, workflow, key)
        assert known is not None
        return known


async def _entered(scope: Scope, workflow_id: int) -> Workflow:
    workflow = await drafts.get(scope, workflow_id, path=("workflowId",))
    if workflow.status not in (WorkflowStatus.ACTIVE, WorkflowStatus.PAUSED) or workflow.drains:
        state = workflow.status + " while it drains" * workflow.drains
        raise NotAllowedInState(
            f"this workflow is {state}: contacts enter one that is ACTIVE or PAUSED", ("workflowId",)
        )
    return workflow


async def _published(scope: Scope, workflow: Workflow) -> Graph:
    assert workflow.published_number is not None, "what runs is published"
    return await versions.graph_of(scope, workflow.id, workflow.published_number)


def _trigger(graph: Graph) -> str:
    return next((trigger.key for trigger in graph.triggers if isinstance(trigger.on, Manual)), ADDED)


def _check_key(key: str) -> str:
    with at("idempotencyKey"):
        return check_name(key)


async def enter_some(
    run: Run, workflow_id: int, trigger: str, ids: Sequence[int], node: str | None = None, since: datetime | None = None
) -> int:
    """Returns how many were let in; nobody, when the workflow lets nobody in any more."""
    plan = run.plans.running.get(workflow_id)
    if plan is None or not plan.lets_in or (node is not None and node not in plan.graph.nodes):
        return 0
    candidates = [
        Candidate(plan, trigger, contact_id, run.now, NOBODY, node=node, since=since, fresh_at=run.lock.clock_at)
        for contact_id in ids
    ]
    await batches.let_in(run, candidates)
    return sum(arrival.is_new and arrival.plan.workflow_id == workflow_id for arrival in run.arrivals)


# ---------------------------------------------------------------- taken out


async def remove(scope: Scope, workflow_id: int, selection: ContactSelection) -> ContactsChanged:
    """Ends their enrollments. Raises NotFound at `workflowId`, and what `selections.condition` raises."""
    workflow = await drafts.get(scope, workflow_id, path=("workflowId",))
    ids = await selections.ids_after(scope, selection, 0, AT_ONCE + 1)
    given = {"action": "REMOVE", "selection": selections.to_json(selection)}

    async def leave(run: Run) -> int:
        return await remove_some(run, workflow_id, ids)

    return await _now_or_later(scope, workflow, "workflow_contacts_remove", ids, given, leave)


async def remove_some(run: Run, workflow_id: int, ids: Sequence[int]) -> int:
    arrivals = [one for one in await wakes.of_contacts(run, ids) if one.plan.workflow_id == workflow_id]
    for arrival in arrivals:
        arrival.end(EnrollmentEnd.REMOVED)
    return len(arrivals)


# ---------------------------------------------------------------- moved


async def move(
    scope: Scope, workflow_id: int, from_key: str, to_key: str, state: EnrollmentState | None = None
) -> ContactsChanged:
    """Those at one node, of one state, go on from another. Raises NotFound at `workflowId`, `fromKey` or `toKey`, Invalid."""
    workflow = await drafts.get(scope, workflow_id, path=("workflowId",))
    if state is EnrollmentState.ENDED:
        raise Invalid("who has ended is at no node: give another state", ("state",))
    numbers = await versions.node_numbers(scope, workflow_id)
    graph = await _published(scope, workflow) if workflow.published_number is not None else Graph()
    if from_key not in numbers:
        raise NotFound(f'there never was a node "{from_key[:100]}"', ("fromKey",))
    if to_key not in graph.nodes:
        raise NotFound(f'what runs has no node "{to_key[:100]}"', ("toKey",))
    standing = Moved(workflow_id, from_key, to_key, state, clock.now())
    ids = await ids_at(scope, standing, numbers[from_key], 0, AT_ONCE + 1)

    async def go(run: Run) -> int:
        return await move_some(run, standing, ids)

    given = {"action": "MOVE", "node": numbers[from_key], **to_json(standing)}
    return await _now_or_later(scope, workflow, "workflow_contacts_move", ids, given, go)


@dataclass(frozen=True, slots=True)
class Moved:
    """Those who stood at a node at that moment."""

    workflow_id: int
    from_key: str
    to_key: str
    state: EnrollmentState | None
    until: datetime


def to_json(moved: Moved) -> dict[str, Any]:
    state = None if moved.state is None else moved.state.value
    return {"fromKey": moved.from_key, "toKey": moved.to_key, "state": state, "until": write_instant(moved.until)}


async def ids_at(scope: Scope, moved: Moved, node: int, after_id: int, limit: int) -> list[int]:
    state = None if moved.state is None else moved.state.value
    rows = await db.fetch(_AT, scope.workspace_id, moved.workflow_id, node, state, moved.until, after_id, limit)
    return [row["id"] for row in rows]


_AT = """
SELECT id FROM enrollments
WHERE workspace_id = $1 AND workflow_id = $2 AND node = $3 AND test_id IS NULL AND ($4::text IS NULL OR state = $4::text)
  AND node_at <= $5 AND id > $6 ORDER BY id LIMIT $7
"""


async def move_some(run: Run, moved: Moved, ids: Sequence[int]) -> int:
    """One whose version has no such node stays where it is."""
    arrivals = [
        one
        for one in await wakes.by_ids(run, ids)
        if one.key == moved.from_key and one.node_at <= moved.until and moved.to_key in one.plan.graph.nodes
    ]
    for arrival in arrivals:
        arrival.go(MOVED, moved.to_key)
    return len(arrivals)


# ---------------------------------------------------------------- at once, or by a job


async def _now_or_later(
    scope: Scope,
    workflow: Workflow,
    action: str,
    ids: Sequence[int],
    given: dict[str, Any],
    change: Callable[[Run], Awaitable[int]],
    key: str | None = None,
) -> ContactsChanged:
    if len(ids) > AT_ONCE:
        async with db.transaction():
            job = await jobs.create(scope, JobKind.WORKFLOW_CONTACTS, given, workflow_id=workflow.id)
            await _record(scope, workflow, action, 0, job, key)
        return ContactsChanged(workflow, 0, job)
    async with batches.moving(scope.workspace_id) as run:
        changed = await change(run)
        await _record(scope, workflow, action, changed, None, key)
    return ContactsChanged(await drafts.get(scope, workflow.id), changed)


async def _record(
    scope: Scope, workflow: Workflow, action: str, changed: int, job: Job | None, key: str | None
) -> None:
    job_id = None if job is None else job.id
    if key is not None:
        await db.execute(_ADD, scope.workspace_id, workflow.id, key, changed, job_id, clock.now())
    if changed or job is not None:
        await audit_log.record(scope, action, "Workflow", workflow.id, {"changed": changed, "job": job_id})


_ADD = """
INSERT INTO workflow_additions (workspace_id, workflow_id, idempotency_key, changed, job_id, added_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""


async def _known(scope: Scope, workflow: Workflow, key: str) -> ContactsChanged | None:
    """What was added with this key before."""
    row = await db.fetch_row(
        "SELECT changed, job_id FROM workflow_additions"
        " WHERE workspace_id = $1 AND workflow_id = $2 AND idempotency_key = $3",
        scope.workspace_id,
        workflow.id,
        key,
    )
    if row is None:
        return None
    job = None if row["job_id"] is None else await jobs.find(scope, row["job_id"])
    return ContactsChanged(workflow, row["changed"], job)
