from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from models.db.tables.workflows import Workflow
from models.workflows import drafts
from models.workflows.insight import progress
from models.workflows.insight.progress import Progress
from models.workflows.states import WorkflowStatus
from permissions.principal import Scope
from schema.server.subscriptions.progress_watch import Key, ProgressWatch

WorkflowWatch = ProgressWatch[Progress, None]
"""No state: each subscriber reads the workflow in its own scope."""


async def _look(versions: Mapping[Key, Progress | None]) -> dict[Key, tuple[Progress, None]]:
    return {key: (version, None) for key, version in (await progress.look(versions)).items()}


def new_watch() -> WorkflowWatch:
    """Returns a watch over the workflows of all workspaces."""
    return WorkflowWatch("workflows", _look)


async def follow(scope: Scope, workflow_id: int, watch: WorkflowWatch) -> AsyncGenerator[Workflow, None]:
    """The workflow now, then after each change until it is archived. Raises NotFound."""
    async with aclosing(watch.follow((scope.workspace_id, workflow_id))) as changes:
        yield await drafts.get(scope, workflow_id)
        async for _ in changes:
            workflow = await drafts.get(scope, workflow_id)
            yield workflow
            if workflow.status == WorkflowStatus.ARCHIVED:
                return


WATCH = new_watch()
