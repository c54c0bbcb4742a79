"""Compares the figures of workflows with those inside."""

from typing import Final

from models.accounts import workspaces
from models.workflows.insight import audit
from workers.context import PeriodicTask, Queue, WorkerContext


async def audit_figures(_: WorkerContext) -> None:
    """One workflow at a time, each about once an hour."""
    found = await audit.find_next()
    if found is not None:
        workspace_id, workflow_id = found
        scope = await workspaces.find_system_scope(workspace_id)
        if scope is not None:
            await audit.audit(scope, workflow_id)


PERIODIC_TASKS: Final = [PeriodicTask("audit_workflow_figures", Queue.BULK, audit_figures, every_seconds=1, alone=True)]
