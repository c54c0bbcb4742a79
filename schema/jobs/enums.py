"""Import enums from here: a type must not use one before it is registered."""

import strawberry

from models.queue.jobs import JobKind, JobStatus

strawberry.enum(JobKind)
strawberry.enum(JobStatus)


__all__ = ["JobKind", "JobStatus"]
