"""Changes of workflows as they are edited."""

from typing import Any

import strawberry

from models.workflows import drafts
from permissions.capabilities import Permission
from schema.jobs.types import Job
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import mutation, scope_of
from schema.server.ids import get_id
from schema.server.user_errors import UserError
from schema.workflows.graph_json import graph_from_input
from schema.workflows.inputs import WorkflowCreateInput, WorkflowUpdateInput
from schema.workflows.types import Workflow


@strawberry.type
class WorkflowPayload:
    workflow: Workflow | None = None
    job: Job | None = strawberry.field(default=None, description="Set when a job goes on with what was asked for.")
    user_errors: list[UserError] = strawberry.field(default_factory=list)


def payload(row: Any) -> WorkflowPayload:
    return WorkflowPayload(workflow=shown(Workflow, row))


@strawberry.type
class WorkflowDraftMutation:
    @mutation(Permission.WORKFLOW_WRITE, WorkflowPayload)
    async def workflow_create(self, info: Info, input: WorkflowCreateInput) -> WorkflowPayload:
        graph = None if input.graph is None else graph_from_input(input.graph)
        return payload(await drafts.create(scope_of(info), input.name, input.description, graph))

    @mutation(Permission.WORKFLOW_WRITE, WorkflowPayload, description="Saves the draft; what runs is not touched.")
    async def workflow_update(self, info: Info, id: strawberry.ID, input: WorkflowUpdateInput) -> WorkflowPayload:
        workflow_id = get_id("Workflow", id, ("id",))
        return payload(await drafts.update(scope_of(info), workflow_id, input.values(), input.version))

    @mutation(Permission.WORKFLOW_WRITE, WorkflowPayload)
    async def workflow_duplicate(self, info: Info, id: strawberry.ID, name: str) -> WorkflowPayload:
        return payload(await drafts.duplicate(scope_of(info), get_id("Workflow", id, ("id",)), name))

    @mutation(Permission.WORKFLOW_WRITE, WorkflowPayload, description="An old version becomes the draft.")
    async def workflow_version_restore(self, info: Info, id: strawberry.ID, number: int) -> WorkflowPayload:
        workflow_id = get_id("Workflow", id, ("id",))
        return payload(await drafts.restore_version(scope_of(info), workflow_id, number))
