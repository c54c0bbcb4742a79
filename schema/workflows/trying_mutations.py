"""Test runs and back-tests of workflows."""

from datetime import datetime
from typing import Annotated

import strawberry

from models.errors import NotFound
from models.workflows import drafts
from models.workflows.trials import backtest, runs
from models.workflows.trials.runs import RunState
from permissions.capabilities import Permission
from schema.enrollments.types import Enrollment
from schema.server.context import Info
from schema.server.execution.rows import all_shown, shown
from schema.server.guard import admit, mutation, scope_of
from schema.server.ids import find_id, get_id
from schema.server.user_errors import UserError
from schema.workflows.backtest_types import WorkflowBacktestJob
from schema.workflows.graph_json import graph_from_input
from schema.workflows.inputs import WorkflowGraphInput
from schema.workflows.trying_enums import Fidelity
from schema.workflows.types import Workflow


@strawberry.type
class WorkflowTestPayload:
    enrollments: list[Enrollment] = strawberry.field(
        default_factory=list, description="Of the test run, the newest first."
    )
    fidelity: Fidelity | None = strawberry.field(
        default=None,
        description="EXACT when the clock of the test run decides everything; AS_OF_NOW when a rule reads a score, or"
        " somebody waits to hear who enters or leaves a segment that time changes: these follow real time.",
    )
    clock: datetime | None = strawberry.field(default=None, description="Where the clock of the test run stands.")
    workflow: Workflow | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class WorkflowBacktestPayload:
    job: WorkflowBacktestJob | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


async def _payload(info: Info, workflow_id: int, state: RunState) -> WorkflowTestPayload:
    return WorkflowTestPayload(
        enrollments=all_shown(Enrollment, state.enrollments),
        clock=state.clock_at,
        fidelity=state.fidelity,
        workflow=shown(Workflow, await drafts.get(scope_of(info), workflow_id)),
    )


@strawberry.type
class WorkflowTryingMutation:
    @mutation(
        Permission.WORKFLOW_WRITE,
        WorkflowTestPayload,
        cost=100,
        description="Test enrollments on a clock of their own; SEND goes to `phone`, which needs BROADCAST_SEND, or nowhere.",
    )
    async def workflow_test_start(
        self,
        info: Info,
        id: strawberry.ID,
        contact_ids: list[strawberry.ID],
        phone: str | None = None,
        at: datetime | None = None,
    ) -> WorkflowTestPayload:
        if phone is not None:
            admit(info.context, Permission.BROADCAST_SEND)
        contacts = [_contact_id(contact_id, index) for index, contact_id in enumerate(contact_ids)]
        workflow_id = get_id("Workflow", id, ("id",))
        return await _payload(info, workflow_id, await runs.start(scope_of(info), workflow_id, contacts, phone, at))

    @mutation(
        Permission.WORKFLOW_WRITE,
        WorkflowTestPayload,
        cost=100,
        description="The clock of the test run goes on to this moment, and all that falls due on the way is done.",
    )
    async def workflow_test_advance(self, info: Info, id: strawberry.ID, to: datetime) -> WorkflowTestPayload:
        workflow_id = get_id("Workflow", id, ("id",))
        return await _payload(info, workflow_id, await runs.advance(scope_of(info), workflow_id, to))

    @mutation(
        Permission.WORKFLOW_WRITE,
        WorkflowTestPayload,
        description="The test run ends: its contacts leave, also the segments that it keeps them in. What else it changed stays.",
    )
    async def workflow_test_end(self, info: Info, id: strawberry.ID) -> WorkflowTestPayload:
        workflow_id = get_id("Workflow", id, ("id",))
        await runs.end(scope_of(info), workflow_id)
        return WorkflowTestPayload(workflow=shown(Workflow, await drafts.get(scope_of(info), workflow_id)))

    @mutation(
        Permission.WORKFLOW_WRITE,
        WorkflowBacktestPayload,
        cost=1000,
        description="Begins a job that plays the past through a graph, by the engine: nothing is written.",
    )
    async def workflow_backtest(
        self,
        info: Info,
        graph: WorkflowGraphInput,
        from_: Annotated[datetime, strawberry.argument(name="from")],
        to: datetime,
    ) -> WorkflowBacktestPayload:
        job = await backtest.start(scope_of(info), graph_from_input(graph), from_, to)
        return WorkflowBacktestPayload(job=shown(WorkflowBacktestJob, job))


def _contact_id(global_id: str, index: int) -> int:
    contact_id = find_id("Contact", global_id)
    if contact_id is None:
        raise NotFound("there is no such contact", ("contactIds", str(index)))
    return contact_id
