"""Back-tests of workflows as the API shows them."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

import strawberry

from models.contacts.find import contacts_by_ids
from models.workflows.graph.read import read_graph
from models.workflows.trials import backtest
from permissions.capabilities import Permission
from schema.contacts.types import ContactConnection
from schema.jobs.enums import JobKind
from schema.jobs.types import Job, job_type
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, read
from schema.server.guard import admit, scope_of
from schema.server.types.connection import Page, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each
from schema.server.types.nodes import Node
from schema.workflows.stats_types import WorkflowNodeStats, WorkflowReasonCount, reason_counts, stats_of_node
from schema.workflows.trying_enums import Fidelity


@strawberry.type(description="How many would have entered on one day of the workspace.")
class WorkflowDayCount:
    day: date
    count: int


def _so_far(job: Any) -> dict[str, Any]:
    found: dict[str, Any] = read(job, "progress")
    return found


def _per_day(job: Any) -> list[WorkflowDayCount]:
    counted = _so_far(job).get("perDay", {}).items()
    return [WorkflowDayCount(day=date.fromisoformat(day), count=count) for day, count in counted]


def _node_stats(job: Any) -> list[WorkflowNodeStats]:
    graph = read_graph(read(job, "input")["graph"])
    return [stats_of_node(graph, one) for one in backtest.figures_of(_so_far(job))]


async def _contacts_of(
    rows: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None
) -> Sequence[Page | Exception]:
    admit(info.context, Permission.CONTACT_READ)
    scope, size = scope_of(info), page_size(first)
    lists = [Cursors(scope, "WorkflowBacktestJob.contacts", read(job, "id")) for job in rows]
    key, problems = read_for_each(lists, after, a_number)
    place = 0 if key is None else key[0]
    pages: list[Page | Exception] = []
    for job, cursors, problem in zip(rows, lists, problems, strict=True):
        ids: list[int] = _so_far(job).get("contacts", [])
        wanted = ids[place : place + size + 1]
        by_id = {row["id"]: row for row in await contacts_by_ids(scope, wanted)}
        places = {contact_id: index for index, contact_id in enumerate(ids, start=1)}
        found = [by_id[contact_id] for contact_id in wanted if contact_id in by_id]
        pages.append(problem or page_of(found, first, after, partial(_cursor, cursors, places), partial(_count, ids)))
    return pages


def _cursor(cursors: Cursors, places: dict[int, int], contact: Any) -> str:
    return cursors.write(places[contact["id"]])


async def _count(ids: list[int]) -> int:
    return len(ids)


@job_type(JobKind.WORKFLOW_BACKTEST)
@strawberry.type(
    description="Who would have entered a workflow in a period of the past, and where they would be at its end."
)
class WorkflowBacktestJob(Node, Job):
    id: strawberry.ID = global_id("WorkflowBacktestJob")
    would_enter: int = derived(lambda job: _so_far(job).get("wouldEnter", 0))
    fidelity: Fidelity = derived(lambda job: Fidelity(_so_far(job).get("fidelity", Fidelity.AS_OF_NOW)))
    node_fidelity: Fidelity = derived(lambda job: Fidelity(_so_far(job).get("nodeFidelity", Fidelity.AS_OF_NOW)))
    per_day: list[WorkflowDayCount] = derived(_per_day)
    turned_away: list[WorkflowReasonCount] = derived(lambda job: reason_counts(_so_far(job).get("turnedAway", {})))
    node_stats: list[WorkflowNodeStats] = derived(_node_stats)
    contacts: ContactConnection = batched(_contacts_of)
