"""The jobs of contacts as the API shows them."""

import strawberry

from schema.jobs.enums import JobKind
from schema.jobs.types import Job, job_type
from schema.server.execution.rows import derived, global_id, read
from schema.server.types.nodes import Node


@job_type(JobKind.TAG_CHANGE)
@strawberry.type(description="A tag that is renamed, or taken away, everywhere.")
class TagChangeJob(Node, Job):
    """Renames or removes a tag in all contacts and rules."""

    id: strawberry.ID = global_id("TagChangeJob")
    tag: str = derived(lambda job: read(job, "input")["tag"], description="As it was called.")
    to: str | None = derived(
        lambda job: read(job, "input")["to"], description="As it will be called; null when it is taken away."
    )
