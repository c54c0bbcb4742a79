"""Workflows as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import strawberry

from models.accounts import members
from models.db.tables.workflows import Workflow as WorkflowRow
from models.segments import lists as segment_lists
from models.workflows import drafts, texts, versions
from models.workflows.graph.mentions import segments_named
from models.workflows.graph.read import read_graph
from models.workflows.problems.check import problems_of
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.accounts.types import Member
from schema.enrollments.types import EnrollmentConnection, enrollments_of
from schema.segments.types import Segment
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id
from schema.server.guard import admit, scope_of
from schema.server.types.connection import Page, PageInfo, counted, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import JSON
from schema.workflows.enums import WorkflowStatus
from schema.workflows.graph_json import graph_to_output
from schema.workflows.stats_types import WorkflowCounts, WorkflowNodeStats, counts_of, lags_of, node_stats_of
from schema.workflows.test_run_types import WorkflowTestRun, test_runs_of


@strawberry.type
class WorkflowProblem:
    """What is wrong with a workflow, and at which node."""

    blocks: bool = strawberry.field(description="False for a warning.")
    node_key: str | None
    code: str
    message: str


# ---------------------------------------------------------------- versions


async def _texts_of_versions(rows: Sequence[Any], info: Info) -> Sequence[str]:
    return await texts.graphs_in_words(scope_of(info), [read_graph(row.graph) for row in rows])


async def _publishers_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    ids = {row.published_by for row in rows if row.published_by is not None}
    by_id = {member.id: member for member in await members.by_ids(scope_of(info), list(ids))}
    return [by_id.get(row.published_by) for row in rows]


async def _inside_of(rows: Sequence[Any], info: Info) -> Sequence[int]:
    inside = await versions.inside(scope_of(info), {row.workflow_id for row in rows})
    return [inside.get((row.workflow_id, row.number), 0) for row in rows]


@strawberry.type(description="Published, and never changed again.")
class WorkflowVersion(Node):
    id: strawberry.ID = global_id("WorkflowVersion")
    number: int
    graph: JSON = derived(lambda row: graph_to_output(row.graph))
    runs_as: JSON | None = derived(lambda row: None if row.runs_as is None else graph_to_output(row.runs_as))
    text: str = batched(_texts_of_versions)
    note: str | None
    published_at: datetime
    published_by: Member | None = batched(_publishers_of)
    inside: int = batched(_inside_of)


@node("WorkflowVersion", Permission.WORKFLOW_READ)
async def _versions(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await versions.by_ids(scope, ids)


@strawberry.type
class WorkflowVersionEdge:
    cursor: str
    node: WorkflowVersion


@strawberry.type
class WorkflowVersionConnection:
    """A page of versions, the newest first."""

    edges: list[WorkflowVersionEdge]
    nodes: list[WorkflowVersion]
    page_info: PageInfo


async def _versions_of(
    rows: Sequence[WorkflowRow], info: Info, first: int | None = 20, after: str | None = None
) -> Sequence[Page | Exception]:
    scope = scope_of(info)
    lists_of = [Cursors(scope, "Workflow.versions", row.id) for row in rows]
    key, problems = read_for_each(lists_of, after, a_number)
    before = None if key is None else key[0]
    size = page_size(first, default=20)
    pages: list[Page | Exception] = []
    for row, cursors, problem in zip(rows, lists_of, problems, strict=True):
        found = [] if problem else await versions.page(scope, row.id, size, before)
        pages.append(problem or page_of(found, size, after, partial(_cursor_of_version, cursors)))
    return pages


def _cursor_of_version(cursors: Cursors, version: Any) -> str:
    return cursors.write(version.number)


# ---------------------------------------------------------------- workflows


async def _draft_texts_of(rows: Sequence[WorkflowRow], info: Info) -> Sequence[str]:
    return await texts.graphs_in_words(scope_of(info), [drafts.graph_of(row) for row in rows])


async def _problems_of(rows: Sequence[WorkflowRow], info: Info) -> Sequence[Any]:
    return [await problems_of(scope_of(info), drafts.graph_of(row), row.id) for row in rows]


async def _published_of(rows: Sequence[WorkflowRow], info: Info) -> Sequence[Any]:
    found = await versions.published_of(scope_of(info), rows)
    return [found.get(row.id) for row in rows]


async def _test_segments_of(rows: Sequence[WorkflowRow], info: Info) -> Sequence[Any]:
    by_id = await _segments_by_id(info, {row.test_segment_id for row in rows if row.test_segment_id is not None})
    return [by_id.get(row.test_segment_id) for row in rows]


async def _segments_of(rows: Sequence[WorkflowRow], info: Info) -> Sequence[Any]:
    named = [segments_named(drafts.graph_of(row)) for row in rows]
    published = await versions.published_of(scope_of(info), rows)
    for index, row in enumerate(rows):
        if row.id in published:
            named[index] |= segments_named(read_graph(published[row.id].graph))
    by_id = await _segments_by_id(info, frozenset[int]().union(*named))
    return [[by_id[segment_id] for segment_id in sorted(ids) if segment_id in by_id] for ids in named]


async def _segments_by_id(info: Info, ids: Any) -> dict[Any, Any]:
    admit(info.context, Permission.SEGMENT_READ)
    return {row["id"]: row for row in await segment_lists.by_ids(scope_of(info), list(ids))}


@strawberry.type
class Workflow(Node):
    """What follows for a contact after something happened."""

    id: strawberry.ID = global_id("Workflow")
    name: str
    description: str | None
    status: WorkflowStatus
    reason: str | None = strawberry.field(description="Why it is paused.")
    version: int = strawberry.field(description="Grows by one with each save: send it back to detect a lost update.")
    draft: JSON = derived(
        lambda row: graph_to_output(row.draft),
        description="What is being edited, in the shape of WorkflowGraphInput; it never runs.",
    )
    draft_text: str = batched(_draft_texts_of)
    problems: list[WorkflowProblem] = batched(_problems_of, cost=10)
    published: WorkflowVersion | None = batched(_published_of, description="What runs; null before the first publish.")
    versions: WorkflowVersionConnection = batched(_versions_of)
    test_segment: Segment | None = batched(
        _test_segments_of, description="The STATIC segment of testers that alone may enter; null for everybody."
    )
    segments: list[Segment] = batched(_segments_of)
    counts: WorkflowCounts = batched(counts_of)
    node_stats: list[WorkflowNodeStats] = batched(node_stats_of)
    enrollments: EnrollmentConnection = batched(enrollments_of)
    lag_seconds: float = batched(lags_of, description="Age of the oldest thing that is due and not done.")
    test_run: WorkflowTestRun | None = batched(test_runs_of, cost=20)
    activates_at: datetime | None
    created_at: datetime
    updated_at: datetime
    activated_at: datetime | None


@node("Workflow", Permission.WORKFLOW_READ)
async def _workflows(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await drafts.by_ids(scope, ids)


@strawberry.type
class WorkflowEdge:
    cursor: str
    node: Workflow


@strawberry.type
class WorkflowConnection:
    """A page of workflows, by name."""

    edges: list[WorkflowEdge]
    nodes: list[Workflow]
    page_info: PageInfo
    total_count: int = counted()
