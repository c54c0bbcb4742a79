"""Activation: at once or later, for everybody or for testers, with or without those who are members already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from models import clock, db
from models.accounts import audit_log, workspaces
from models.db.tables.segments import Segment, SegmentKind
from models.errors import DomainError, Invalid, NotAllowedInState, NotFound, Problems, Unsupported
from models.queue import jobs, work
from models.queue.enqueue import enqueue
from models.queue.jobs import Job, JobKind
from models.values.instants import write_instant
from models.workflows import drafts, engine_lock, sources, uses, versions
from models.workflows.drafts import Workflow
from models.workflows.graph.events import SegmentEntered
from models.workflows.graph.tree import Graph
from models.workflows.plan import listened_to
from models.workflows.problems.check import problems_of
from models.workflows.publishing.publish import refuse_blocking
from models.workflows.states import RUNNING, WorkflowStatus
from models.workflows.timed import schedules
from permissions.principal import Scope

FURTHEST_AHEAD: Final = timedelta(days=366)

JUST_NOW: Final = timedelta(minutes=5)
"""Such a moment means now: clocks differ, and requests take time."""


@dataclass(frozen=True, slots=True)
class Activation:
    """`existing`: those too who are in a trigger's segment already. `at` None: now."""

    existing: bool = False
    test_segment_id: int | None = None
    at: datetime | None = None


async def activate(scope: Scope, workflow_id: int, wanted: Activation) -> tuple[Workflow, Job | None]:
    """Of one that is ACTIVE: another test segment, or none. Returns the job that lets existing members in.

    Raises NotFound and NotAllowedInState at `id`, NotFound and Unsupported at `testSegmentId`, Invalid at `at`, Problems.
    """
    graph = await _published(scope, workflow_id)
    at = _start(wanted.at, clock.now())
    refuse_blocking([problem for problem in await problems_of(scope, graph, workflow_id) if problem.blocks])
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        workflow = await drafts.get(scope, workflow_id, for_update=True)
        _refuse_state(workflow, at)
        await _check_testers(scope, wanted.test_segment_id)
        if at is not None:
            await _write(workflow, {"activates_at": at, "activates_existing": wanted.existing}, wanted, lock.now)
        else:
            await _begin(scope, workflow, graph, wanted, lock.now)
        await uses.sync(scope, workflow)
        job = await _let_existing_in(scope, workflow, graph, lock.now) if wanted.existing and at is None else None
        details = {"existing": wanted.existing, "testers": wanted.test_segment_id, "at": at and write_instant(at)}
        await audit_log.record(scope, "workflow_activate", "Workflow", workflow_id, details)
    return workflow, job


# ---------------------------------------------------------------- may it be activated


async def _published(scope: Scope, workflow_id: int) -> Graph:
    workflow = await drafts.get(scope, workflow_id)
    if workflow.published_number is None:
        raise NotAllowedInState("nothing has been published of this workflow: publish it first", ("id",))
    return await versions.graph_of(scope, workflow_id, workflow.published_number)


def _start(at: datetime | None, now: datetime) -> datetime | None:
    if at is None or now - JUST_NOW <= at <= now:
        return None
    if at < now:
        raise Invalid("this instant is in the past: leave `at` out to activate it now", ("at",))
    if at > now + FURTHEST_AHEAD:
        raise Invalid("this instant is more than a year ahead", ("at",))
    return at


def _refuse_state(workflow: Workflow, at: datetime | None) -> None:
    if workflow.status == WorkflowStatus.ARCHIVED:
        raise NotAllowedInState("this workflow is ARCHIVED: duplicate it, and activate the copy", ("id",))
    if workflow.status == WorkflowStatus.PAUSED:
        raise NotAllowedInState("this workflow is PAUSED: resume it", ("id",))
    if at is not None and workflow.status != WorkflowStatus.DRAFT:
        raise NotAllowedInState(f"this workflow is {workflow.status}: only a DRAFT can be activated later", ("at",))


async def _check_testers(scope: Scope, segment_id: int | None) -> None:
    if segment_id is None:
        return
    segment = await Segment.get_or_none(workspace_id=scope.workspace_id, id=segment_id, deleted_at=None)
    if segment is None:
        raise NotFound("there is no such segment, or it is deleted", ("testSegmentId",))
    if segment.kind != SegmentKind.STATIC:
        raise Unsupported("testers are the members of a STATIC segment: choose one", ("testSegmentId",))


# ---------------------------------------------------------------- activated


async def _begin(scope: Scope, workflow: Workflow, graph: Graph, wanted: Activation, now: datetime) -> None:
    was_running = workflow.status in RUNNING
    values = {"status": WorkflowStatus.ACTIVE, "reason": None, "activates_at": None, "activates_existing": False}
    if workflow.status == WorkflowStatus.DRAINING:
        await schedules.forget(scope, workflow.id)
    await _write(workflow, values | ({} if was_running else {"activated_at": now}), wanted, now)
    if not was_running:
        assert workflow.published_number is not None
        await sources.register(scope, workflow.id, workflow.published_number, await listened_to(scope, graph))
    await engine_lock.record_change(scope.workspace_id)
    await engine_lock.bring_forward(scope.workspace_id, now)
    await enqueue(work.PROCESS_WORKFLOWS, scope.workspace_id)


async def _write(workflow: Workflow, values: dict[str, object], wanted: Activation, now: datetime) -> None:
    changed = values | {"test_segment_id": wanted.test_segment_id, "updated_at": now}
    workflow.update_from_dict(changed)
    await workflow.save(update_fields=list(changed))


def trigger_segments(graph: Graph) -> list[tuple[str, int]]:
    """The triggers on entering a segment, as (trigger's key, segment id)."""
    return [
        (trigger.key, trigger.on.segment_id) for trigger in graph.triggers if isinstance(trigger.on, SegmentEntered)
    ]


async def _let_existing_in(scope: Scope, workflow: Workflow, graph: Graph, now: datetime) -> Job | None:
    segments = trigger_segments(graph)
    if not segments:
        return None
    total = await db.fetch_value(
        "SELECT sum(member_count)::bigint FROM segments WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",
        scope.workspace_id,
        [segment_id for _, segment_id in segments],
    )
    given = {"action": "EXISTING", "segments": segments, "since": write_instant(now)}
    return await jobs.create(scope, JobKind.WORKFLOW_CONTACTS, given, workflow_id=workflow.id, total=total or 0)


# ---------------------------------------------------------------- later


async def activate_due() -> Sequence[tuple[int, int]]:
    """Activates those whose moment has come, of all workspaces. Returns them as (workspace id, workflow id)."""
    rows = await db.fetch(
        "/* all workspaces */ "
        "SELECT workspace_id, id, activates_existing, test_segment_id FROM workflows WHERE activates_at <= $1"
        " ORDER BY activates_at LIMIT 100",
        clock.now(),
    )
    for row in rows:
        scope = await workspaces.find_system_scope(row["workspace_id"])
        if scope is not None:
            await _activate_now(scope, row["id"], Activation(row["activates_existing"], row["test_segment_id"]))
    return [(row["workspace_id"], row["id"]) for row in rows]


async def _activate_now(scope: Scope, workflow_id: int, wanted: Activation) -> None:
    """One that cannot be activated any more says why."""
    try:
        await activate(scope, workflow_id, wanted)
    except (DomainError, Problems) as error:
        reason = f"It could not be activated: {error}."
        async with db.transaction():
            await db.execute(
                """
                UPDATE workflows SET activates_at = NULL, reason = $3, updated_at = $4
                WHERE workspace_id = $1 AND id = $2 AND activates_at IS NOT NULL
                """,
                scope.workspace_id,
                workflow_id,
                reason,
                clock.now(),
            )
            details = {"reason": reason}
            await audit_log.record_system(scope.workspace_id, "workflow_activate", "Workflow", workflow_id, details)
