"""The jobs of audiences as the API shows them."""

import strawberry

from schema.audiences.types import Audience, audiences_of_jobs
from schema.jobs.enums import JobKind
from schema.jobs.types import Job, job_type
from schema.server.execution.batched import batched
from schema.server.execution.rows import global_id
from schema.server.types.nodes import Node


@job_type(JobKind.AUDIENCE)
@strawberry.type(description="An audience at Meta that is replaced by who should be there now.")
class AudienceJob(Node, Job):
    """Sends everybody again in one replacing session."""

    id: strawberry.ID = global_id("AudienceJob")
    audience: Audience | None = batched(audiences_of_jobs)
