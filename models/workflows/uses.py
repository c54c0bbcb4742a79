"""The segments that workflows use. A use is active while the workflow runs: without the segment it would break or change."""

from models import db
from models.db.tables.workflows import Workflow
from models.segments import uses as segment_uses
from models.segments.uses import UseKind
from models.workflows.graph.mentions import segments_named
from models.workflows.graph.read import read_graph
from models.workflows.states import RUNNING
from permissions.principal import Scope


async def sync(scope: Scope, workflow: Workflow) -> None:
    """Registers what the workflow uses now, in the transaction that changes it. Raises NotFound when a segment is gone."""
    active = await _active(scope, workflow)
    await segment_uses.release(scope, UseKind.WORKFLOW, workflow.id, keep=active)
    if active:
        await segment_uses.register(scope, active, UseKind.WORKFLOW, workflow.id, workflow.name)
    edited = await _existing(scope, segments_named(read_graph(workflow.draft)) - active)
    if edited:
        await segment_uses.register(scope, edited, UseKind.WORKFLOW, workflow.id, workflow.name, active=False)


async def _active(scope: Scope, workflow: Workflow) -> frozenset[int]:
    if workflow.status not in RUNNING and workflow.activates_at is None:
        return frozenset()
    rows = await db.fetch(_RUNNING_GRAPHS, scope.workspace_id, workflow.id, workflow.published_number)
    used = (segments_named(read_graph(db.load_json(row["graph"]))) for row in rows)
    tested = frozenset() if workflow.test_segment_id is None else frozenset({workflow.test_segment_id})
    return await _existing(scope, tested.union(*used))


_RUNNING_GRAPHS = """
SELECT graph FROM workflow_versions v
WHERE v.workspace_id = $1 AND v.workflow_id = $2
  AND (v.number = $3 OR EXISTS (SELECT 1 FROM workflow_sources s
                                WHERE s.workspace_id = $1 AND s.workflow_id = $2 AND s.number = v.number))
"""


async def _existing(scope: Scope, segment_ids: frozenset[int]) -> frozenset[int]:
    """A draft may name segments that are gone; what runs by one that is gone is paused (see lifecycle.py)."""
    return frozenset(await segment_uses.hold(scope, segment_ids)) if segment_ids else frozenset()
