"""What a publish would do, as the API shows it."""

import strawberry

from models.workflows.publishing import preview as previews
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.rows import shown
from schema.server.guard import query, scope_of
from schema.server.ids import get_id
from schema.workflows.enums import EnrolledContactsPolicy
from schema.workflows.inputs import WorkflowMoveInput, moves_from_input


@strawberry.type
class WorkflowMove:
    """How many go on from one node at another, because theirs is gone."""

    from_key: str
    to_key: str | None
    count: int


@strawberry.type(
    description="What publishing the draft would do to those inside, counted by the statements that would do it."
)
class WorkflowPublishPreview:
    token: str
    inside: int
    stay: int
    moves: list[WorkflowMove]
    exits: int
    wakes_moved: int
    wakes_now: int
    sends_within_hour: int


@strawberry.type
class WorkflowPublishQuery:
    @query(Permission.WORKFLOW_READ, cost=50)
    async def workflow_publish_preview(
        self,
        info: Info,
        id: strawberry.ID,
        enrolled: EnrolledContactsPolicy = EnrolledContactsPolicy.MOVE,
        moves: list[WorkflowMoveInput] | None = [],  # noqa: B006 - never changed; the contract's default
    ) -> WorkflowPublishPreview:
        found = await previews.preview(
            scope_of(info), get_id("Workflow", id, ("id",)), enrolled, moves_from_input(moves)
        )
        return shown(WorkflowPublishPreview, found)
