"""Arguments of the queries and subscriptions that show workflows."""

from collections.abc import Sequence

from models.changelog.cursor import from_cursor
from models.errors import NotFound
from models.workflows.insight import graphs
from models.workflows.steps import STEPS
from permissions.principal import Scope
from schema.server.ids import find_id
from schema.server.types.scalars import StepCursor


async def workflow_ids_from_input(scope: Scope, workflow_ids: Sequence[str] | None) -> list[int] | None:
    """Ids in the database. None stays None: all. Raises NotFound."""
    if workflow_ids is None:
        return None
    ids = [find_id("Workflow", workflow_id) for workflow_id in workflow_ids]
    wanted = [workflow_id for workflow_id in ids if workflow_id is not None]
    existing = await graphs.existing(scope, wanted)
    for index, workflow_id in enumerate(ids):
        if workflow_id not in existing:
            raise NotFound(f"there is no workflow with the id {workflow_ids[index][:100]!r}", ("workflowIds", index))
    return wanted


def step_position_from_input(scope: Scope, after: StepCursor | None) -> int | None:
    """Returns the position in the log of steps that a cursor means."""
    return None if after is None else from_cursor(scope, STEPS, after)
