"""Publishing: the draft becomes the version that runs, and those inside go on as the preview said."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from models import db
from models.accounts import audit_log
from models.errors import DomainError, Forbidden, Invalid, NotAllowedInState, Problems
from models.queue import jobs, work
from models.queue.enqueue import enqueue
from models.queue.jobs import Job, JobKind
from models.rules.duration import Duration
from models.values.texts import check_text
from models.workflows import drafts, engine_lock, sources, uses, versions
from models.workflows.drafts import Workflow
from models.workflows.graph.actions import Send, Webhook
from models.workflows.graph.mentions import segments_changed
from models.workflows.graph.tree import Graph
from models.workflows.plan import listened_to
from models.workflows.problems.check import problems_of
from models.workflows.problems.problem import Problem
from models.workflows.publishing import tokens
from models.workflows.publishing.moving import Moving, change_chunk, to_json
from models.workflows.publishing.plan import Moves, PublishPlan, plan
from models.workflows.publishing.transitions import Change
from models.workflows.states import RUNNING, EnrolledContactsPolicy, WorkflowStatus
from permissions.capabilities import Permission
from permissions.policy import allows
from permissions.principal import Scope

AT_ONCE: Final = 2_000
"""If more are to be changed, a job does it."""

LONGEST_NOTE: Final = 2_000
"""Characters."""

LONGEST_SPREAD: Final = Duration(days=7)


@dataclass(frozen=True, slots=True)
class Answers:
    """What the publisher decided about those inside. `spread` is a duration without months."""

    token: str
    enrolled: EnrolledContactsPolicy = EnrolledContactsPolicy.MOVE
    moves: Moves = field(default_factory=dict)
    spread: Duration = field(default_factory=lambda: Duration(seconds=600))
    note: str | None = None


async def publish(scope: Scope, workflow_id: int, answers: Answers) -> tuple[Workflow, Job | None]:
    """Returns the job that changes those inside, when they are many.

    Raises NotFound or NotAllowedInState at `id`, Problems for what blocks, Conflict at `token`, and Forbidden.
    """
    workflow = await drafts.get(scope, workflow_id)
    graph = drafts.graph_of(workflow)
    _check_spread(answers.spread)
    _must_be_permitted(scope, graph)
    refuse_blocking([one for one in await problems_of(scope, graph, workflow_id) if one.blocks])
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        workflow = await drafts.get(scope, workflow_id, for_update=True)
        await _refuse_state(scope, workflow)
        planned = await plan(scope, workflow_id, graph, answers.enrolled, answers.moves)
        tokens.check(answers.token, workflow, answers.enrolled, answers.moves, planned.counted())
        number = await _insert_version(scope, workflow, answers, lock.now)
        if workflow.status in RUNNING:
            await _take_effect(scope, lock.now)
        job = await _change_those_inside(scope, workflow, planned, answers, lock.now)
        details = {"number": number, "enrolled": answers.enrolled.value, "job": None if job is None else job.id}
        await audit_log.record(scope, "workflow_publish", "Workflow", workflow_id, details)
    return workflow, job


# ---------------------------------------------------------------- may it be published


def _check_spread(spread: Duration) -> None:
    if spread.months or spread.elapsed > LONGEST_SPREAD.elapsed:
        raise Invalid(f"at most {LONGEST_SPREAD}, in days, hours, minutes and seconds", ("spread",))


def _must_be_permitted(scope: Scope, graph: Graph) -> None:
    missing = [needed for needed in _needed(graph) if not allows(scope.principal, needed)]
    if missing:
        raise Forbidden(f"this workflow's nodes need the permission {', '.join(missing)} of who publishes it")


def _needed(graph: Graph) -> Iterator[Permission]:
    if segments_changed(graph):
        yield Permission.SEGMENT_WRITE
    if any(isinstance(node.do, Send) for node in graph.nodes.values()):
        yield Permission.BROADCAST_SEND
    if any(isinstance(node.do, Webhook) for node in graph.nodes.values()):
        yield Permission.WEBHOOK_MANAGE


def refuse_blocking(problems: list[Problem]) -> None:
    """Raises Problems with one for each that blocks."""
    if problems:
        raise Problems([_error(problem) for problem in problems])


def _error(problem: Problem) -> DomainError:
    where = "" if problem.node_key is None else f'node "{problem.node_key}": '
    return Invalid(f"{where}{problem.message} ({problem.code})", ("id",))


async def _refuse_state(scope: Scope, workflow: Workflow) -> None:
    if workflow.status == WorkflowStatus.ARCHIVED:
        raise NotAllowedInState("this workflow is ARCHIVED: duplicate it, and publish the copy", ("id",))
    unfinished = await jobs.unfinished_of_workflow(scope, workflow.id)
    if any(job.input.get("action") == "PUBLISH" for job in unfinished):
        raise NotAllowedInState(
            "the publish before is still moving those inside: wait until its job has ended", ("id",)
        )


# ---------------------------------------------------------------- published


async def _insert_version(scope: Scope, workflow: Workflow, answers: Answers, now: datetime) -> int:
    note = None if answers.note is None else check_text(answers.note, LONGEST_NOTE).strip() or None
    version = await versions.insert(scope, workflow, workflow.draft, note, now)
    workflow.update_from_dict({"published_number": version.number, "updated_at": now})
    await workflow.save(update_fields=["published_number", "updated_at"])
    ended = await _let_follow(scope, workflow, version.number, answers)
    if workflow.status in RUNNING:
        # The new version first: what both listen to is listened to without a break.
        words = await listened_to(scope, drafts.graph_of(workflow))
        await sources.register(scope, workflow.id, version.number, words)
        for number in ended:
            await sources.unregister(scope, workflow.id, number)
    await uses.sync(scope, workflow)
    return version.number


async def _take_effect(scope: Scope, now: datetime) -> None:
    await engine_lock.record_change(scope.workspace_id)
    await engine_lock.bring_forward(scope.workspace_id, now)
    await enqueue(work.PROCESS_WORKFLOWS, scope.workspace_id)


async def _let_follow(scope: Scope, workflow: Workflow, number: int, answers: Answers) -> list[int]:
    match answers.enrolled:
        case EnrolledContactsPolicy.FINISH_OLD_VERSION:
            return []
        case EnrolledContactsPolicy.EXIT:
            return await versions.follow(scope, workflow.id, number, versions.EVERYBODY_OUT)
        case EnrolledContactsPolicy.MOVE:
            return await versions.follow(scope, workflow.id, number, dict(answers.moves))


async def _change_those_inside(
    scope: Scope, workflow: Workflow, planned: PublishPlan, answers: Answers, now: datetime
) -> Job | None:
    changed = [group for group in planned.groups if group.change is not Change.STAY and group.count]
    seconds = answers.spread.elapsed.total_seconds()
    moving = Moving(workflow.id, workflow.published_number or 0, now, seconds, tuple(changed))
    total = sum(group.count for group in changed)
    if total > AT_ONCE:
        given = {"action": "PUBLISH", "mustFinish": True, **to_json(moving)}
        return await jobs.create(scope, JobKind.WORKFLOW_CONTACTS, given, workflow_id=workflow.id, total=total)
    progress = moving.start()
    while progress is not None:
        progress = await change_chunk(scope, moving, progress, now)
    return None
