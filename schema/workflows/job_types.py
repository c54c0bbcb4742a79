"""The jobs of workflows as the API shows them."""

from collections.abc import Sequence
from typing import Any

import strawberry

from models.workflows import drafts
from schema.jobs.enums import JobKind
from schema.jobs.types import Job, job_type
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, read
from schema.server.guard import scope_of
from schema.server.types.nodes import Node
from schema.workflows.types import Workflow


async def _workflows_of_jobs(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    ids = {workflow_id for row in rows if (workflow_id := read(row, "workflow_id")) is not None}
    by_id = {workflow.id: workflow for workflow in await drafts.by_ids(scope_of(info), list(ids))}
    return [by_id.get(read(row, "workflow_id")) for row in rows]


@job_type(JobKind.WORKFLOW_CONTACTS)
@strawberry.type(description="Many contacts that enter a workflow, leave it, or are moved in it.")
class WorkflowContactsJob(Node, Job):
    """Changes who is inside a workflow, chunk by chunk."""

    id: strawberry.ID = global_id("WorkflowContactsJob")
    changed: int = derived(
        lambda job: read(job, "progress").get("changed", 0),
        description="Contacts that have entered, left or been moved so far.",
    )
    workflow: Workflow | None = batched(_workflows_of_jobs)
