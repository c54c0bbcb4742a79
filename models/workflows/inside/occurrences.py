"""Events that a WAIT_FOR may still need: those that came before it, and those of a paused workflow. Each ends one wait."""

from collections.abc import Sequence
from typing import Final

from models import db
from models.workflows.arrivals import Arrival
from models.workflows.graph.actions import WaitFor
from models.workflows.graph.events import Event
from models.workflows.graph.read import read_graph
from models.workflows.graph.tree import GraphNode
from models.workflows.plan import Plan
from models.workflows.run import Run


def record(run: Run, arrival: Arrival, key: str) -> None:
    """`key` is that of Awaited, of the version by which the enrollment goes on now."""
    run.occurred.setdefault(arrival.id, set()).add(f"{key}@{arrival.plan.number}")


async def take(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> set[int]:
    """The enrollments of which an event has happened that this node waits for. What was recorded for the node is used up."""
    before = f"{node.key}."
    happened = [(arrival, occurrence) for arrival in arrivals for occurrence in _recorded(run, arrival, before)]
    by_id = {arrival.id: arrival for arrival in arrivals if not arrival.is_new}
    if by_id and _events(node):
        rows = await db.fetch(_TAKE, run.workspace_id, list(by_id), before)
        happened += [(by_id[row["enrollment_id"]], row["event"]) for row in rows]
    awaited = {
        occurrence
        for occurrence in {occurrence for _, occurrence in happened}
        if await _is_awaited(run, node, arrivals[0].plan, occurrence.removeprefix(before))
    }
    return {arrival.id for arrival, occurrence in happened if occurrence in awaited}


def _recorded(run: Run, arrival: Arrival, before: str) -> list[str]:
    own = run.occurred.get(arrival.id, set())
    used = [one for one in own if _is_of(one, before)]
    own.difference_update(used)
    return used


def _is_of(occurrence: str, before: str) -> bool:
    return occurrence.startswith(before) and "." not in occurrence.removeprefix(before)


# Keys of nodes may have dots, indexes have none.
_TAKE: Final = """
    DELETE FROM workflow_occurrences
    WHERE workspace_id = $1 AND enrollment_id = ANY ($2::bigint[])
      AND starts_with(event, $3) AND strpos(substr(event, length($3) + 1), '.') = 0
    RETURNING enrollment_id, event
"""


async def _is_awaited(run: Run, node: GraphNode, plan: Plan, occurrence: str) -> bool:
    """Whether the node still waits for what happened; a publish may have changed what its events are."""
    index, _, number = occurrence.partition("@")
    if not number or int(number) == plan.number:
        return int(index) < len(_events(node))
    happened = await _event_then(run, node, plan, int(index), int(number))
    return happened is not None and happened in _events(node)


async def _event_then(run: Run, node: GraphNode, plan: Plan, index: int, number: int) -> Event | None:
    """The event of this index in another version."""
    version = await run.plans.workflows[plan.workflow_id].version(number)
    then = read_graph(version.graph).nodes.get(node.key)
    events = () if then is None else _events(then)
    return events[index] if index < len(events) else None


def _events(node: GraphNode) -> Sequence[Event]:
    return node.do.events if isinstance(node.do, WaitFor) else ()


async def write(run: Run) -> None:
    """What the batch recorded and nobody has used, for those who are still inside."""
    inside = {arrival.id for arrival in run.arrivals if arrival.ended is None}
    rows = [(id_, key) for id_, keys in run.occurred.items() if id_ in inside for key in sorted(keys)]
    if rows:
        await db.execute(_WRITE, run.workspace_id, run.now, *map(list, zip(*rows, strict=True)))


_WRITE: Final = """
    INSERT INTO workflow_occurrences (workspace_id, enrollment_id, event, at)
    SELECT $1, enrollment_id, event, $2 FROM unnest($3::bigint[], $4::text[]) AS new (enrollment_id, event)
    ON CONFLICT (workspace_id, enrollment_id, event) DO NOTHING
"""
