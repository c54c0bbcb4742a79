"""SEGMENT_ADD and SEGMENT_REMOVE: members of STATIC segments."""

from collections.abc import Sequence

from models import db
from models.membership import apply
from models.membership.origins import Origin
from models.workflows import holding
from models.workflows.arrivals import Arrival, go_together
from models.workflows.causes import Cause, together
from models.workflows.graph.actions import SegmentAdd, SegmentRemove
from models.workflows.graph.tree import GraphNode
from models.workflows.run import Moved, Run


async def add(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    do = node.do
    assert isinstance(do, SegmentAdd)
    await _settle(run, do, arrivals, entered=True)


async def remove(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    do = node.do
    assert isinstance(do, SegmentRemove)
    await _settle(run, do, arrivals, entered=False)


async def _settle(run: Run, do: SegmentAdd | SegmentRemove, arrivals: Sequence[Arrival], *, entered: bool) -> None:
    if not await change(run, do.segment_id, arrivals, entered=entered):
        for arrival in arrivals:
            arrival.fail("the segment is gone, or is no longer one whose members can be chosen")
        return
    go_together(arrivals, "next", do.next)


async def change(run: Run, segment_id: int, arrivals: Sequence[Arrival], *, entered: bool) -> bool:
    """Puts their contacts into a STATIC segment, or takes them out. False when there is no such segment any more.

    LOCKS: the swap lock of the segment, as every writer of its members does.
    """
    await holding.hold_segment(run.held, segment_id)
    if not await db.fetch_value(_EXISTS, run.workspace_id, segment_id):
        return False
    append = await run.members()
    before = append.size
    contact_ids = list(dict.fromkeys(arrival.contact_id for arrival in arrivals))
    behind = None if run.settling_one_by_one else run.behind  # else it could come after a savepoint that is undone
    if await apply.move(append, segment_id, contact_ids, entered=entered, origin=Origin.WORKFLOW, behind=behind):
        run.moved.append(Moved(segment_id, before, append.size, _causes(arrivals)))
        for arrival in arrivals:
            arrival.has_changed = True
    return True


def _causes(arrivals: Sequence[Arrival]) -> dict[int, Cause]:
    """By contact. One that comes by several times at once has been led here by all that led to these."""
    causes: dict[int, Cause] = {}
    for arrival in arrivals:
        known = causes.get(arrival.contact_id, arrival.cause)
        causes[arrival.contact_id] = known if known == arrival.cause else together((known, arrival.cause))
    return causes


_EXISTS = """
SELECT EXISTS (SELECT FROM segments WHERE workspace_id = $1 AND id = $2 AND kind = 'STATIC' AND deleted_at IS NULL)
"""
