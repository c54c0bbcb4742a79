"""Steps of workflows as the API shows them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models.changelog.cursor import to_cursor
from models.errors import Invalid
from models.workflows import steps
from models.workflows.insight import node_keys
from models.workflows.steps import STEPS
from schema.enrollments.loading import contacts_of, workflows_of
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, read
from schema.server.guard import scope_of
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each
from schema.server.types.scalars import JSON, StepCursor


async def _keys_of(rows: Sequence[Any], info: Info) -> Sequence[str]:
    keys = await node_keys.keys_of(scope_of(info), {read(row, "workflow_id") for row in rows})
    return [keys.get((read(row, "workflow_id"), read(row, "node")), "") for row in rows]


def _cursor(row: Any) -> str:
    return to_cursor(STEPS, read(row, "workspace_id"), read(row, "position"))


@strawberry.type(description="What an enrollment did at a node: it left it by an outcome, or began to wait there.")
class WorkflowStep:
    cursor: StepCursor = derived(_cursor, description="Resume after this one.")
    at: datetime
    workflow_id: strawberry.ID = global_id("Workflow", "workflow_id", recurring=True)
    enrollment_id: strawberry.ID = global_id("Enrollment", "enrollment_id")
    contact_id: strawberry.ID = global_id("Contact", "contact_id")
    version_number: int = derived(lambda row: read(row, "number"))
    node_key: str = batched(_keys_of)
    outcome: str
    detail: JSON | None
    test: bool
    workflow: Annotated["Workflow", strawberry.lazy("schema.workflows.types")] | None = batched(workflows_of)  # type: ignore[name-defined] # noqa: F821
    contact: Annotated["Contact", strawberry.lazy("schema.contacts.types")] | None = batched(contacts_of)  # type: ignore[name-defined] # noqa: F821


@strawberry.type
class WorkflowStepPage:
    steps: list[WorkflowStep]
    cursor: StepCursor = strawberry.field(description="Pass as `after` next time; set even when the page is empty.")
    has_more: bool


@strawberry.type
class WorkflowStepEdge:
    cursor: str
    node: WorkflowStep


@strawberry.type(description="A page of the steps of an enrollment, the oldest first.")
class WorkflowStepConnection:
    edges: list[WorkflowStepEdge]
    nodes: list[WorkflowStep]
    page_info: PageInfo


async def steps_of(
    rows: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None
) -> Sequence[Page | Invalid]:
    """Loads Enrollment.steps."""
    scope, size = scope_of(info), page_size(first)
    lists = [Cursors(scope, "Enrollment.steps", row["id"]) for row in rows]
    key, problems = read_for_each(lists, after, a_number)
    position = None if key is None else key[0]
    found = [await steps.of_enrollment(scope, row["contact_id"], row["id"], position, size + 1) for row in rows]
    return [
        problem or page_of(of_row, first, after, _position(cursors))
        for of_row, cursors, problem in zip(found, lists, problems, strict=True)
    ]


def _position(cursors: Cursors) -> Callable[[steps.WorkflowStep], str]:
    return lambda step: cursors.write(step.position)
