"""Loops: what a workflow changes lets the same contacts in again, through segments, tags, fields, activities or workflows."""

from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from models import db
from models.workflows.graph.actions import (
    Action,
    ActivityRecord,
    Enroll,
    FieldSet,
    SegmentAdd,
    SegmentKeep,
    SegmentRemove,
    Send,
    TagsChange,
)
from models.workflows.graph.events import (
    ActivityHappened,
    DateReached,
    Event,
    FieldChanged,
    MessageReached,
    SegmentEntered,
    SegmentLeft,
    TagAdded,
    TagRemoved,
)
from models.workflows.graph.read import read_graph
from models.workflows.graph.tree import Graph
from models.workflows.problems.problem import Problem, ProblemCode
from permissions.principal import Scope


class Of(StrEnum):
    """What a point of a path is."""

    WORKFLOW = "workflow"
    ENTERED = "entered"
    LEFT = "left"
    TAG_ADDED = "tag added"
    TAG_REMOVED = "tag removed"
    FIELD = "field"
    ACTIVITY = "activity"
    MESSAGE = "message"


class Point(NamedTuple):
    """Something that happens to a contact: `subject` is the id of a segment or workflow, a tag's key, a field or a kind."""

    of: Of
    subject: int | str


THIS: Final = 0
"""The id of a workflow that is not saved yet."""

Edges = dict[Point, set[Point]]


async def loop_problems(scope: Scope, graph: Graph, workflow_id: int | None) -> AsyncIterator[Problem]:
    own = Point(Of.WORKFLOW, workflow_id or THIS)
    effects = {node.key: list(_effects(node.do, own.subject)) for node in graph.nodes.values()}
    if not any(effects.values()):
        return
    edges, names = await _load(scope, own)
    _listen(edges, graph, own)
    for node_key, points in effects.items():
        paths = [path for path in (_shortest(edges, point, own) for point in points) if path is not None]
        if paths:
            shown = " -> ".join(["this workflow", *(_named(point, own, names) for point in min(paths, key=len))])
            message = (
                f"this can let the same contact in again: {shown}. Without a wait on the way it is stopped as a loop"
            )
            yield Problem(ProblemCode.LOOP, message, node_key)


# ---------------------------------------------------------------- what leads to what


def _effects(action: Action, workflow_id: int | str) -> Iterator[Point]:
    match action:
        case SegmentAdd(segment_id=segment_id):
            yield Point(Of.ENTERED, segment_id)
        case SegmentRemove(segment_id=segment_id):
            yield Point(Of.LEFT, segment_id)
        case SegmentKeep(segment_id=segment_id):
            yield Point(Of.ENTERED, segment_id)
            yield Point(Of.LEFT, segment_id)
        case TagsChange(add=added, remove=removed):
            yield from (Point(Of.TAG_ADDED, tag.lower()) for tag in added)
            yield from (Point(Of.TAG_REMOVED, tag.lower()) for tag in removed)
        case FieldSet(field=field):
            yield Point(Of.FIELD, field)
        case ActivityRecord(kind=kind):
            yield Point(Of.ACTIVITY, kind)
        case Enroll(workflow_id=other):
            yield Point(Of.WORKFLOW, other)
        case Send():
            yield Point(Of.MESSAGE, workflow_id)
        case _:
            return


def _triggers(event: Event, workflow_id: int | str) -> Iterator[Point]:
    match event:
        case SegmentEntered(segment_id):
            yield Point(Of.ENTERED, segment_id)
        case SegmentLeft(segment_id):
            yield Point(Of.LEFT, segment_id)
        case TagAdded(tag):
            yield Point(Of.TAG_ADDED, tag.lower())
        case TagRemoved(tag):
            yield Point(Of.TAG_REMOVED, tag.lower())
        case FieldChanged(fields):
            yield from (Point(Of.FIELD, field) for field in fields)
        case DateReached(field=field):
            yield Point(Of.FIELD, field)
        case ActivityHappened(kind):
            yield Point(Of.ACTIVITY, kind)
        case MessageReached(broadcast_id=None):
            yield Point(Of.MESSAGE, workflow_id)
        case _:
            return


def _listen(edges: Edges, graph: Graph, workflow: Point) -> None:
    for trigger in graph.triggers:
        for point in _triggers(trigger.on, workflow.subject):
            edges.setdefault(point, set()).add(workflow)


def _read_by(rule: Any) -> Iterator[Point]:
    """What a rule, as JSON, looks at; it need not be checked before."""
    if isinstance(rule, list):
        for part in rule:
            yield from _read_by(part)
    if not isinstance(rule, dict):
        return
    for group in ("all", "any", "not"):
        yield from _read_by(rule.get(group))
    if isinstance(field := rule.get("field"), dict):
        yield Point(Of.FIELD, str(field.get("field")))
    if isinstance(tags := rule.get("tags"), dict):
        for tag in tags.get("tags") or ():
            yield Point(Of.TAG_ADDED, str(tag).lower())
            yield Point(Of.TAG_REMOVED, str(tag).lower())
    if isinstance(segment := rule.get("segment"), dict):
        yield Point(Of.ENTERED, segment.get("segmentId", 0))
        yield Point(Of.LEFT, segment.get("segmentId", 0))
    if isinstance(activity := rule.get("activity"), dict):
        yield Point(Of.ACTIVITY, str(activity.get("kind")))


# ---------------------------------------------------------------- the workspace


Names = Mapping[Point, str]


async def _load(scope: Scope, own: Point) -> tuple[Edges, Names]:
    """Everything but this workflow: segments by their rules, and other workflows by what they run."""
    edges: Edges = {}
    names: dict[Point, str] = {}
    for row in await db.fetch(_SEGMENTS, scope.workspace_id):
        points = (Point(Of.ENTERED, row["id"]), Point(Of.LEFT, row["id"]))
        names |= dict.fromkeys(points, row["name"])
        for read in _read_by(db.load_json(row["rule"])):
            edges.setdefault(read, set()).update(points)
    for row in await db.fetch(_WORKFLOWS, scope.workspace_id, own.subject):
        workflow = Point(Of.WORKFLOW, row["id"])
        names[workflow] = row["name"]
        graph = read_graph(db.load_json(row["graph"]))
        _listen(edges, graph, workflow)
        for node in graph.nodes.values():
            edges.setdefault(workflow, set()).update(_effects(node.do, row["id"]))
    return edges, names


_SEGMENTS = "SELECT id, name, rule FROM segments WHERE workspace_id = $1 AND deleted_at IS NULL"

_WORKFLOWS = """
SELECT w.id, w.name, coalesce(v.runs_as, v.graph) AS graph FROM workflows w
JOIN workflow_versions v ON v.workspace_id = $1 AND v.workflow_id = w.id AND v.number = w.published_number
WHERE w.workspace_id = $1 AND w.id <> $2 AND w.status <> 'ARCHIVED'
"""


# ---------------------------------------------------------------- paths


def _shortest(edges: Edges, start: Point, end: Point) -> list[Point] | None:
    """The points from `start` to `end`, both included."""
    before: dict[Point, Point | None] = {start: None}
    waiting = deque([start])
    while waiting:
        point = waiting.popleft()
        if point == end:
            path: list[Point] = []
            step: Point | None = point
            while step is not None:
                path.append(step)
                step = before[step]
            return path[::-1]
        for after in sorted(edges.get(point, ()), key=str):
            if after not in before:
                before[after] = point
                waiting.append(after)
    return None


def _named(point: Point, own: Point, names: Names) -> str:
    if point == own:
        return "this workflow"
    match point.of:
        case Of.ENTERED:
            return f'into segment "{names.get(point, "gone")}"'
        case Of.LEFT:
            return f'out of segment "{names.get(point, "gone")}"'
        case Of.WORKFLOW:
            return f'workflow "{names.get(point, "gone")}"'
        case Of.MESSAGE:
            return "a message's status"
        case _:
            return f'{point.of} "{point.subject}"'
