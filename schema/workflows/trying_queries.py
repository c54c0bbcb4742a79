"""Queries that explain and try workflows. A contact's values need the permission to read contacts."""

from datetime import datetime

import strawberry

from models.workflows.insight.explain import explain
from models.workflows.trials.simulate import simulate
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import shown
from schema.server.guard import admit, query, scope_of
from schema.server.ids import get_id
from schema.server.types.scalars import JSON
from schema.workflows.graph_json import graph_from_input
from schema.workflows.inputs import WorkflowGraphInput
from schema.workflows.trying_types import WorkflowExplanation, WorkflowPath


@strawberry.type
class WorkflowTryingQuery:
    @query(
        Permission.WORKFLOW_READ,
        cost=20,
        description="Why a contact is inside a workflow, may enter it, or was turned away.",
    )
    async def workflow_explain(
        self, info: Info, workflow_id: strawberry.ID, contact_id: strawberry.ID
    ) -> WorkflowExplanation:
        if _asks_for_actual(info):
            admit(info.context, Permission.CONTACT_READ)
        workflow = get_id("Workflow", workflow_id, ("workflowId",))
        found = await explain(scope_of(info), workflow, get_id("Contact", contact_id, ("contactId",)))
        return shown(WorkflowExplanation, found)

    @query(
        Permission.WORKFLOW_READ,
        cost=100,
        description="Walks one contact through and touches nothing; `answers` says by node key what a WAIT_FOR or SEND meets.",
    )
    async def workflow_simulate(
        self,
        info: Info,
        graph: WorkflowGraphInput,
        contact_id: strawberry.ID,
        at: datetime | None = None,
        answers: JSON | None = None,
    ) -> WorkflowPath:
        contact = get_id("Contact", contact_id, ("contactId",))
        found = await simulate(scope_of(info), graph_from_input(graph), contact, at, answers)
        return shown(WorkflowPath, found)


def _asks_for_actual(info: Info) -> bool:
    """Whether the contact's own values are selected, at any depth of the entry rule."""
    path = ["entry_rule"]
    while names := selected(info, *path):
        if "actual" in names:
            return True
        path.append("children")
    return False
