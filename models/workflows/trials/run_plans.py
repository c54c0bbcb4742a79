"""What a test run is carried out by: the published version of its workflow, which need not run."""

from dataclasses import replace

from models import db
from models.workflows import plans, versions
from models.workflows.engine_lock import WorkflowLock
from models.workflows.plan import Plan
from models.workflows.plans import Plans, WorkflowPlans, heard_by
from models.workflows.trials.since_ever import SinceEver
from permissions.principal import Scope


async def load(scope: Scope, lock: WorkflowLock, workflow_id: int) -> tuple[Plans, Plan]:
    """What runs in the workspace, for ENROLL, and the tested version."""
    row = await db.fetch_row(_WORKFLOW, scope.workspace_id, workflow_id)
    assert row is not None, "the caller has read the workflow"
    running = await plans.current(lock)
    assert running is not None, "the caller has read the workspace"
    tested = WorkflowPlans(running.scope, row, await versions.node_numbers(scope, workflow_id), SinceEver())
    plan = await tested.plan(row["published_number"])
    return replace(
        running,
        workflows=running.workflows | {workflow_id: tested},
        heard=running.heard | heard_by([plan]),
    ), plan


_WORKFLOW = """
SELECT id, name, status, drains, published_number, NULL::bigint AS test_segment_id
FROM workflows WHERE workspace_id = $1 AND id = $2
"""
