"""Queries that show what happens in workflows."""

import strawberry

from models.changelog.cursor import to_cursor
from models.changelog.read import read_page, start_position
from models.workflows import steps
from models.workflows.insight import enrollments
from models.workflows.steps import STEPS
from permissions.capabilities import Permission
from schema.enrollments.step_types import WorkflowStepPage
from schema.enrollments.types import Enrollment
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import query, scope_of
from schema.server.ids import find_id, get_id
from schema.server.types.connection import page_size
from schema.server.types.scalars import StepCursor
from schema.workflows.sight_inputs import step_position_from_input, workflow_ids_from_input


@strawberry.type
class WorkflowSightQuery:
    @query(Permission.WORKFLOW_READ, description="One enrollment, inside or ended; null when there is none.")
    async def enrollment(self, info: Info, id: strawberry.ID) -> Enrollment | None:
        enrollment_id = find_id("Enrollment", id)
        found = [] if enrollment_id is None else await enrollments.by_ids(scope_of(info), [enrollment_id])
        return shown(Enrollment, found[0]) if found else None

    @query(
        Permission.WORKFLOW_READ,
        description="The durable log of steps, page by page, for a partner that polls or catches up.",
    )
    async def workflow_steps(
        self,
        info: Info,
        after: StepCursor | None = None,
        workflow_ids: list[strawberry.ID] | None = None,
        contact_id: strawberry.ID | None = None,
        first: int | None = 100,
        from_now: bool = False,
    ) -> WorkflowStepPage:
        scope, size = scope_of(info), page_size(first, default=100)
        wanted = await workflow_ids_from_input(scope, workflow_ids)
        position = await start_position(scope, STEPS, step_position_from_input(scope, after), from_now)
        if contact_id is None:
            page = await read_page(scope, STEPS, position, size, wanted)
        else:
            page = await steps.of_contact(scope, get_id("Contact", contact_id, ("contactId",)), position, size, wanted)
        return shown(
            WorkflowStepPage,
            {
                "steps": page.entries,
                "cursor": to_cursor(STEPS, scope.workspace_id, page.position),
                "has_more": page.more,
            },
        )
