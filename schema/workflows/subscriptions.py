from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import strawberry

from models.changelog import hints
from models.workflows import drafts
from models.workflows.insight import progress
from models.workflows.states import WorkflowStatus
from models.workflows.steps import STEPS
from permissions.capabilities import Permission
from schema.enrollments.step_types import WorkflowStep
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import scope_of, subscription
from schema.server.ids import get_id
from schema.server.subscriptions.followed_rows import FollowedRows
from schema.server.subscriptions.log_feed import follow_log
from schema.server.types.scalars import StepCursor
from schema.workflows.sight_inputs import step_position_from_input, workflow_ids_from_input
from schema.workflows.types import Workflow

WORKFLOWS: Final = FollowedRows(
    "workflows", progress.look, drafts.get, has_ended=lambda workflow: workflow.status == WorkflowStatus.ARCHIVED
)


@strawberry.type
class WorkflowSubscription:
    @subscription(
        Permission.WORKFLOW_READ,
        description="Every step of the given workflows (of all when absent), in order, each at least once.\nWith `after`, first"
        " everything that was missed since, then the live ones, with no gap between.",
    )
    async def workflow_steps(
        self, info: Info, workflow_ids: list[strawberry.ID] | None = None, after: StepCursor | None = None
    ) -> AsyncGenerator[WorkflowStep, None]:
        scope = scope_of(info)
        wanted, position = await workflow_ids_from_input(scope, workflow_ids), step_position_from_input(scope, after)
        async with aclosing(follow_log(scope, STEPS, hints.current(), position, wanted)) as batches:
            async for batch in batches:
                yield shown(WorkflowStep, batch)

    @subscription(
        Permission.WORKFLOW_READ,
        description="The workflow with its figures as they change, at most ten times a second; ends when it is archived.",
    )
    async def workflow_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Workflow, None]:
        async with aclosing(WORKFLOWS.follow(scope_of(info), get_id("Workflow", id, ("id",)))) as states:
            async for state in states:
                yield shown(Workflow, state)
