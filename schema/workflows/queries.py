import strawberry

from models.workflows import drafts, lists
from models.workflows.lists import WorkflowFilter
from models.workflows.problems.check import validate
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.rows import all_shown, shown
from schema.server.guard import query, scope_of
from schema.server.ids import find_id
from schema.server.types.connection import page_of, page_size
from schema.server.types.cursors import Cursors, a_number, a_text
from schema.workflows.enums import WorkflowStatus
from schema.workflows.graph_json import graph_from_input
from schema.workflows.inputs import WorkflowGraphInput
from schema.workflows.types import Workflow, WorkflowConnection, WorkflowProblem


@strawberry.type
class WorkflowQuery:
    @query(Permission.WORKFLOW_READ)
    async def workflow(self, info: Info, id: strawberry.ID) -> Workflow | None:
        return shown(Workflow, await drafts.find(scope_of(info), find_id("Workflow", id) or 0))

    @query(Permission.WORKFLOW_READ)
    async def workflows(
        self,
        info: Info,
        first: int | None = 50,
        after: str | None = None,
        search: str | None = None,
        status: WorkflowStatus | None = None,
        segment_id: strawberry.ID | None = None,
        with_failed: bool | None = False,
    ) -> WorkflowConnection:
        scope = scope_of(info)
        wanted = _filter(search, status, segment_id, bool(with_failed))
        cursors = Cursors(scope, "workflows", wanted)
        key = cursors.read(after, a_text, a_number)
        found = await lists.page(scope, wanted, page_size(first), None if key is None else (key[0], key[1]))
        keys = {listed.workflow.id: listed.sort_key for listed in found}
        page = page_of(
            [listed.workflow for listed in found],
            first,
            after,
            lambda row: cursors.write(keys[row.id], row.id),
            lambda: lists.count(scope, wanted),
        )
        return shown(WorkflowConnection, page)

    @query(Permission.WORKFLOW_READ, cost=10)
    async def workflow_validate(self, info: Info, graph: WorkflowGraphInput) -> list[WorkflowProblem]:
        return all_shown(WorkflowProblem, await validate(scope_of(info), graph_from_input(graph)))


def _filter(
    search: str | None, status: WorkflowStatus | None, segment_id: strawberry.ID | None, with_failed: bool
) -> WorkflowFilter:
    segment = None if segment_id is None else find_id("Segment", segment_id) or 0
    return WorkflowFilter(search, status, segment, with_failed)
