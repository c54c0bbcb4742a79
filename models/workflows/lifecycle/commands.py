"""Pause, resume, drain and archive. They take effect with the commit: every batch of the engine reads what runs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import db
from models.accounts import audit_log
from models.errors import NotAllowedInState
from models.messaging.sources import SourceState
from models.queue import jobs, work
from models.queue.enqueue import enqueue
from models.queue.jobs import JobKind
from models.workflows import bulk, drafts, engine_lock, sources, uses, versions, wakes
from models.workflows.drafts import Workflow
from models.workflows.graph.actions import LatePolicy
from models.workflows.lifecycle import late as late_ones
from models.workflows.messages import senders
from models.workflows.problems.check import problems_of
from models.workflows.publishing.publish import refuse_blocking
from models.workflows.states import EnrollmentEnd, WorkflowStatus
from permissions.principal import Scope

AT_ONCE: Final = 5_000
"""If more are to be changed, a job does it."""

PAUSED_BY_A_PERSON: Final = "Paused by a person."


@dataclass(frozen=True, slots=True)
class _Step:
    """What a command does to the status: from one of `possible`; `verb` is for people."""

    action: str
    verb: str
    possible: Collection[WorkflowStatus]
    to: WorkflowStatus


_PAUSE: Final = _Step("workflow_pause", "paused", {WorkflowStatus.ACTIVE}, WorkflowStatus.PAUSED)
_RESUME: Final = _Step("workflow_resume", "resumed", {WorkflowStatus.PAUSED}, WorkflowStatus.ACTIVE)
_DRAIN_ON: Final = _Step("workflow_resume", "resumed", {WorkflowStatus.PAUSED}, WorkflowStatus.DRAINING)
_DRAIN: Final = _Step(
    "workflow_drain", "drained", {WorkflowStatus.ACTIVE, WorkflowStatus.PAUSED}, WorkflowStatus.DRAINING
)
_ARCHIVE: Final = _Step("workflow_archive", "archived", set(WorkflowStatus), WorkflowStatus.ARCHIVED)


SENDING: Final = {
    WorkflowStatus.ACTIVE: SourceState.SENDING,
    WorkflowStatus.DRAINING: SourceState.SENDING,
    WorkflowStatus.PAUSED: SourceState.PAUSED,
    WorkflowStatus.ARCHIVED: SourceState.ENDED,
}
"""Whether messages that are not sent yet go on."""


# ---------------------------------------------------------------- pause and resume


async def pause(scope: Scope, workflow_id: int) -> Workflow:
    """Nobody moves until it is resumed; what happens meanwhile, and falls due, is kept. Raises NotFound, NotAllowedInState."""
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        workflow = await drafts.get(scope, workflow_id, for_update=True)
        if workflow.activates_at is not None:
            return await _forget_activation(scope, workflow)
        return await _change(scope, workflow_id, _PAUSE, lock.now, reason=PAUSED_BY_A_PERSON, paused_at=lock.now)


async def _forget_activation(scope: Scope, workflow: Workflow) -> Workflow:
    """A later activation does not take place."""
    workflow.activates_at = None
    await workflow.save(update_fields=["activates_at"])
    await uses.sync(scope, workflow)
    await audit_log.record(scope, "workflow_pause", "Workflow", workflow.id)
    return workflow


async def resume(scope: Scope, workflow_id: int, late: LatePolicy = LatePolicy.PROCEED) -> Workflow:
    """Those that the pause held go on. `late` says what becomes of those who fell due meanwhile.

    When they are very many, it stays PAUSED until a job has dealt with them. Raises NotFound, NotAllowedInState, Problems.
    """
    workflow = await drafts.get(scope, workflow_id)
    if workflow.status == WorkflowStatus.PAUSED and workflow.published_number is not None:
        graph = await versions.graph_of(scope, workflow_id, workflow.published_number)
        refuse_blocking([problem for problem in await problems_of(scope, graph, workflow_id) if problem.blocks])
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        workflow = await drafts.get(scope, workflow_id, for_update=True)
        if workflow.status == WorkflowStatus.PAUSED and late is not LatePolicy.PROCEED:
            deals = late_ones.Late(late, workflow.paused_at or lock.now, lock.now)
            if await late_ones.count(scope, workflow_id, deals) > AT_ONCE:
                return await _resume_by_job(scope, workflow, deals)
            while await late_ones.deal_with_some(scope, workflow_id, deals, lock.now, AT_ONCE):
                pass
        return await go_on(scope, workflow_id, lock.now)


async def go_on(scope: Scope, workflow_id: int, now: datetime) -> Workflow:
    """A paused workflow is ACTIVE again, or DRAINING when that is where it paused. Under the lock of the engine."""
    step = _DRAIN_ON if (await drafts.get(scope, workflow_id)).drains else _RESUME
    workflow = await _change(scope, workflow_id, step, now, reason=None, paused_at=None, drains=False)
    await wakes.resume(scope.workspace_id, workflow_id, now)
    await engine_lock.bring_forward(scope.workspace_id, now)
    await enqueue(work.PROCESS_WORKFLOWS, scope.workspace_id)
    return workflow


async def _resume_by_job(scope: Scope, workflow: Workflow, deals: "late_ones.Late") -> Workflow:
    given = {"action": "RESUME", "mustFinish": True, **late_ones.to_json(deals)}
    await jobs.create(scope, JobKind.WORKFLOW_CONTACTS, given, workflow_id=workflow.id)
    workflow.reason = "It is being resumed: those who fell due meanwhile are dealt with first."
    await workflow.save(update_fields=["reason"])
    details = {"late": deals.policy.value}
    await audit_log.record(scope, "workflow_resume", "Workflow", workflow.id, details)
    return workflow


# ---------------------------------------------------------------- drain and archive


async def drain(scope: Scope, workflow_id: int) -> Workflow:
    """Nobody enters, those inside go on. Raises NotFound, NotAllowedInState."""
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        workflow = await _change(scope, workflow_id, _DRAIN, lock.now, reason=None, paused_at=None, drains=False)
        await wakes.resume(scope.workspace_id, workflow_id, lock.now)
        await engine_lock.bring_forward(scope.workspace_id, lock.now)
        await enqueue(work.RETIRE_WORKFLOWS, scope.workspace_id)
        await enqueue(work.PROCESS_WORKFLOWS, scope.workspace_id)
    return workflow


async def archive(scope: Scope, workflow_id: int) -> Workflow:
    """Nobody moves from now on; those inside end at once, or by a job when they are many. Raises NotFound."""
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        workflow = await _change(scope, workflow_id, _ARCHIVE, lock.now, reason=None, activates_at=None)
        await sources.unregister(scope, workflow_id)
        inside = sum((await bulk.counted(scope, workflow_id)).values())
        if inside > AT_ONCE:
            given = {"action": "ARCHIVE", "mustFinish": True}
            await jobs.create(scope, JobKind.WORKFLOW_CONTACTS, given, workflow_id=workflow_id, total=inside)
        else:
            while await end_some(scope, workflow_id, lock.now, AT_ONCE):
                pass
    return workflow


async def end_some(scope: Scope, workflow_id: int, now: datetime, limit: int) -> int:
    """Ends up to `limit` of an archived workflow, who stand at one node. Returns how many; 0: nobody is inside."""
    standing = await bulk.somewhere(scope, workflow_id)
    if standing is None:
        return 0
    return (await bulk.end_some(scope, now, standing, EnrollmentEnd.ARCHIVED, limit=limit)).count


# ---------------------------------------------------------------- the status


async def _change(scope: Scope, workflow_id: int, step: _Step, now: datetime, **values: Any) -> Workflow:
    """Under the lock of the engine. One that has the status already stays as it is."""
    workflow = await drafts.get(scope, workflow_id, for_update=True)
    if workflow.status == step.to:
        return workflow
    if workflow.status not in step.possible:
        allowed = " or ".join(sorted(step.possible))
        raise NotAllowedInState(
            f"this workflow is {workflow.status}: only one that is {allowed} can be {step.verb}", ("id",)
        )
    changed = {"status": step.to, "updated_at": now, **values}
    workflow.update_from_dict(changed)
    await workflow.save(update_fields=list(changed))
    await uses.sync(scope, workflow)
    await senders.set_state(scope.workspace_id, workflow_id, SENDING[step.to])
    await engine_lock.record_change(scope.workspace_id)
    await audit_log.record(scope, step.action, "Workflow", workflow_id)
    return workflow
