"""The jobs of segments as the API shows them."""

from collections.abc import Sequence
from typing import Any

import strawberry

from models.segments import lists
from schema.jobs.enums import JobKind
from schema.jobs.types import Job, job_type
from schema.segments.types import Segment
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, read
from schema.server.guard import scope_of
from schema.server.types.nodes import Node


async def segments_of_jobs(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    """Returns the segment of each job; None without one, or for a deleted one."""
    ids = {segment_id for row in rows if (segment_id := read(row, "segment_id")) is not None}
    by_id = {row["id"]: row for row in await lists.by_ids(scope_of(info), list(ids))}
    return [by_id.get(read(row, "segment_id")) for row in rows]


@job_type(JobKind.RECOMPUTE)
@strawberry.type
class RecomputeJob(Node, Job):
    """Computes all members of a dynamic segment again."""

    id: strawberry.ID = global_id("RecomputeJob")
    segment: Segment | None = batched(segments_of_jobs)


@job_type(JobKind.SEGMENT_CONTACTS)
@strawberry.type(description="Many contacts added to a STATIC segment, or removed from it.")
class SegmentContactsJob(Node, Job):
    """Adds or removes many members of a segment."""

    id: strawberry.ID = global_id("SegmentContactsJob")
    changed: int = derived(
        lambda job: read(job, "progress").get("changed", 0), description="Members added or removed so far."
    )
    segment: Segment | None = batched(segments_of_jobs)
